import { startProcess } from '../process/servers.ts'
import { copyConfig, type Gateway } from './gateway.ts'
import { testGateway } from './scenarios.ts'

/** Its forward-auth has no time limit that can be set, and no filter for cookies. */
const traefik: Gateway = {
  name: 'traefik',
  address: '/authz/traefik',
  unavailableStatus: 500,
  isPatienceBounded: false,
  isUnavailableWorded: false,
  isCookieStripped: false,
  async start(binary, ports) {
    const folder = await copyConfig('docker/traefik', ['traefik.yml', 'dynamic.yml'], ports)
    return startProcess({
      name: 'traefik',
      command: binary,
      args: ['--configFile=traefik.yml'],
      cwd: folder,
      ready: { port: ports.gateway },
      folder,
    })
  },
}

testGateway(traefik)
