import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess } from '../process/servers.ts'
import { ACCESS } from './access.ts'
import { copyConfig, type Gateway } from './gateway.ts'
import { testGateway } from './scenarios.ts'

/** An Envoy that is wired to Barong: ours, but for the prefix that it asks at. */
const barong: Gateway = {
  name: 'envoy',
  address: '/api/v2/auth',
  unavailableStatus: 503,
  isPatienceBounded: true,
  isUnavailableWorded: true,
  isCookieStripped: true,
  async start(binary, ports) {
    const folder = await copyConfig('docker/envoy', ['envoy.yaml'], ports)
    const file = join(folder, 'envoy.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('path_prefix: /authz/envoy', 'path_prefix: /api/v2/auth'))
    return startProcess({
      name: 'envoy',
      command: binary,
      args: ['-c', file, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'],
      ready: { port: ports.gateway },
      folder,
    })
  },
}

testGateway(barong, undefined, ACCESS)
