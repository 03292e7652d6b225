import { startProcess } from '../process/servers.ts'
import { copyConfig, type Gateway } from './gateway.ts'
import { testGateway } from './scenarios.ts'

const haproxy: Gateway = {
  name: 'haproxy',
  address: '/authz/haproxy',
  unavailableStatus: 503,
  isPatienceBounded: true,
  isUnavailableWorded: true,
  isCookieStripped: true,
  async start(binary, ports) {
    const folder = await copyConfig('docker/haproxy', ['haproxy.cfg'], ports)
    return startProcess({
      name: 'haproxy',
      command: binary,
      args: ['-db', '-f', 'haproxy.cfg'],
      cwd: folder,
      ready: { port: ports.gateway },
      folder,
    })
  },
}

testGateway(haproxy)
