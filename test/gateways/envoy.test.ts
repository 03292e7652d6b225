import { startProcess } from '../process/servers.ts'
import { copyConfig, type Gateway } from './gateway.ts'
import { testGateway } from './scenarios.ts'

const envoy: Gateway = {
  name: 'envoy',
  address: '/authz/envoy',
  unavailableStatus: 503,
  isPatienceBounded: true,
  isUnavailableWorded: true,
  isCookieStripped: true,
  async start(binary, ports) {
    const folder = await copyConfig('docker/envoy', ['envoy.yaml'], ports)
    return startProcess({
      name: 'envoy',
      command: binary,
      // No hot restart: several Envoys on one machine would meet in shared memory.
      args: [
        ...['-c', `${folder}/envoy.yaml`, '--disable-hot-restart', '--concurrency', '1'],
        ...['--log-level', 'warning'],
      ],
      ready: { port: ports.gateway },
      folder,
    })
  },
}

testGateway(envoy)
