import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProcess } from '../process/servers.ts'
import { copyConfig, type Gateway } from './gateway.ts'
import { testGateway } from './scenarios.ts'

const nginx: Gateway = {
  name: 'nginx',
  address: '/authz/nginx',
  unavailableStatus: 503,
  isPatienceBounded: true,
  isUnavailableWorded: true,
  isCookieStripped: true,
  async start(binary, ports) {
    const folder = await copyConfig('nginx', ['listen.conf', 'dvara/upstreams.conf'], ports)
    return startProcess({
      name: 'nginx',
      command: binary,
      args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'],
      ready: { port: ports.gateway },
      folder,
    })
  },
}

testGateway(nginx, (stand) => {
  test('the location that asks is not there for clients', async () => {
    for (const target of ['/_dvara', '/_dvara/denied/401', '/_dvara/unavailable']) {
      const response = await stand().ask({
        target,
        headers: [
          ['X-Original-URI', '/public/x'],
          ['X-Original-Method', 'GET'],
        ],
      })
      assert.equal(response.status, 404, target)
    }
    assert.deepEqual(stand().echo.received, [])
  })
})
