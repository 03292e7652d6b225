import { startProcess } from '../process/servers.ts'
import { copyConfig, type Gateway } from './gateway.ts'
import { testGateway } from './scenarios.ts'

const caddy: Gateway = {
  name: 'caddy',
  address: '/authz/caddy',
  unavailableStatus: 503,
  isPatienceBounded: true,
  isUnavailableWorded: true,
  isCookieStripped: true,
  async start(binary, ports) {
    const folder = await copyConfig('docker/caddy', ['Caddyfile'], ports)
    return startProcess({
      name: 'caddy',
      command: binary,
      args: ['run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'],
      // Caddy keeps state in the home of whoever runs it.
      env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
      ready: { port: ports.gateway },
      folder,
    })
  },
}

testGateway(caddy)
