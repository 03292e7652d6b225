import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { LIFETIME_MS } from './product.ts'
import type { Scenario } from './scenarios.ts'
import { assertRefused, asUser, type Stand, USER_AGENT } from './stand.ts'
import type { Response } from './wire.ts'

const ORDER = '/api/v2/orders/7'
const PATIENCE_MS = 5_000

/** Everything that goes wrong goes wrong closed. The last scenario ends the authorizer. */
export const FAILURES: readonly Scenario[] = [
  {
    name: 'the session that passed first does not pass after its life',
    async run(stand) {
      const { firstLogin } = stand
      const request = { target: ORDER, headers: asUser(firstLogin) }
      // Its clock began after `startedAtMs`, so it may pass for a moment longer.
      await pause(Math.max(0, firstLogin.startedAtMs + LIFETIME_MS - Date.now()))
      const deadlineMs = Date.now() + PATIENCE_MS
      let response = await stand.ask(request)
      while (response.status === 200 && Date.now() < deadlineMs) {
        stand.echo.clear()
        response = await stand.ask(request)
      }
      assertRefused(stand, response, 401, 'authz.invalid_session')
    },
  },
  {
    name: 'while the authorizer hangs nothing passes; once it answers again, all is as before',
    async run(stand) {
      const login = await stand.loginAnew()
      const request = { target: ORDER, headers: asUser(login) }
      assert.equal((await stand.ask(request)).status, 200)
      stand.echo.clear()
      stand.product.server.kill('SIGSTOP')
      try {
        const startedAtMs = Date.now()
        const asked = [request, { ...request, target: '/public/x' }]
        if (!stand.gateway.isPatienceBounded) {
          await assert.rejects(stand.ask(request), /no answer/)
          assert.deepEqual(stand.echo.received, [], 'the upstream was asked')
        } else {
          const responses = await Promise.all(asked.map((each) => stand.ask(each)))
          for (const response of responses) assertUnavailable(stand, response)
          assert.ok(Date.now() - startedAtMs < PATIENCE_MS)
        }
      } finally {
        stand.product.server.kill('SIGCONT')
      }
      stand.echo.clear()
      const response = await untilAnswered(() => stand.ask(request))
      assert.equal(response.status, 200)
    },
  },
  {
    name: 'without the authorizer nothing passes, not even what is public',
    async run(stand) {
      const headers = asUser(await stand.login())
      stand.echo.clear()
      stand.product.server.kill('SIGKILL')
      await stand.product.server.ended()
      for (const target of [ORDER, '/public/x', '/api/v2/identity/time']) {
        assertUnavailable(stand, await stand.ask({ target, headers }))
      }
      const guest = [['User-Agent', USER_AGENT] as const]
      assertUnavailable(stand, await stand.ask({ target: ORDER, headers: guest }))
    },
  },
]

function assertUnavailable(stand: Stand, response: Response): void {
  const { gateway, echo } = stand
  assert.equal(response.status, gateway.unavailableStatus)
  if (gateway.isUnavailableWorded) {
    assert.equal(response.body, '{"errors":["authz.unavailable"]}')
  }
  assert.deepEqual(echo.received, [], 'the upstream was asked')
}

/** A gateway may take a moment to believe in its authorizer again. */
async function untilAnswered(ask: () => Promise<Response>): Promise<Response> {
  const deadlineMs = Date.now() + PATIENCE_MS
  for (;;) {
    const response = await ask()
    if (response.status < 500 || Date.now() > deadlineMs) return response
    await pause(50)
  }
}
