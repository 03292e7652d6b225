import assert from 'node:assert/strict'
import { headerValues } from '../process/servers.ts'
import type { Scenario } from './scenarios.ts'
import {
  assertAnonymous,
  assertIdentified,
  assertNothingLeaks,
  assertRefused,
  asUser,
  signUp,
  USER_AGENT,
} from './stand.ts'
import { askInTurn, askUpgrade, responseValues } from './wire.ts'

const ORDER = '/api/v2/orders/7?page=2&q=%2Fx'
const FORGED = `dvara_session=${'A'.repeat(68)}`
const GUEST = ['User-Agent', USER_AGENT] as const

/** Who may pass, who may not, and what the upstream learns of them. */
export const ACCESS: readonly Scenario[] = [
  {
    name: 'a live session passes, and the upstream learns whose it is',
    async run(stand) {
      const login = stand.firstLogin
      const response = await stand.ask({ target: ORDER, headers: asUser(login) })
      assert.equal(response.status, 200)
      assertNothingLeaks(response)
      const claims = await assertIdentified(stand, login)
      assert.deepEqual([claims.aud].flat(), ['dvara'])
      assert.equal(stand.echo.last().url, ORDER)
      assert.equal(stand.echo.last().method, 'GET')
    },
  },
  {
    name: 'a limit is 429 to the client, with the time to wait; other paths are not limited',
    async run(stand) {
      const headers = asUser(await stand.login())
      const ask = (target: string) => stand.ask({ target, headers })
      assert.equal((await ask('/api/v2/once/a')).status, 200)
      stand.echo.clear()
      const limited = await ask('/api/v2/once/b')
      assertRefused(stand, limited, 429, 'authz.rate_limited.route')
      assert.deepEqual(responseValues(limited, 'retry-after'), ['3600'])
      assert.equal((await ask(ORDER)).status, 200)
    },
  },
  {
    name: 'the token is for the audience that the path belongs to',
    async run(stand) {
      const login = await stand.login()
      await stand.ask({ target: '/api/v2/ledger/entries', headers: asUser(login) })
      const claims = await assertIdentified(stand, login)
      assert.deepEqual(claims.aud, ['ledger', 'audit'])
    },
  },
  {
    name: 'without a session nothing passes',
    async run(stand) {
      const response = await stand.ask({ target: ORDER, headers: [GUEST] })
      assertRefused(stand, response, 401, 'authz.invalid_session')
    },
  },
  {
    name: 'a session that nobody opened does not pass',
    async run(stand) {
      const response = await stand.ask({ target: ORDER, headers: [GUEST, ['Cookie', FORGED]] })
      assertRefused(stand, response, 401, 'authz.invalid_session')
    },
  },
  {
    name: 'a session used from another browser does not pass',
    async run(stand) {
      const { cookie } = await stand.login()
      const headers = [['User-Agent', 'another/2.0'] as const, ['Cookie', cookie] as const]
      const response = await stand.ask({ target: ORDER, headers })
      assertRefused(stand, response, 401, 'authz.client_session_mismatch')
    },
  },
  {
    name: 'a POST without a CSRF token does not pass',
    async run(stand) {
      const headers = asUser(await stand.login())
      const response = await stand.ask({ method: 'POST', target: ORDER, headers, body: 'x=1' })
      assertRefused(stand, response, 401, 'authz.missing_csrf_token')
    },
  },
  {
    name: 'a POST with the CSRF token of another login does not pass',
    async run(stand) {
      const headers = asUser(await stand.login(), ['X-CSRF-Token', 'f'.repeat(20)])
      const response = await stand.ask({ method: 'POST', target: ORDER, headers, body: 'x=1' })
      assertRefused(stand, response, 401, 'authz.csrf_token_mismatch')
    },
  },
  {
    name: 'a POST with its CSRF token passes, and its body arrives whole',
    async run(stand) {
      const login = await stand.login()
      const body = 'line of the body\n'.repeat(20_000)
      for (const isChunked of [false, true]) {
        stand.echo.clear()
        const response = await stand.ask({
          method: 'POST',
          target: ORDER,
          headers: asUser(login, ['X-CSRF-Token', login.csrfToken]),
          body,
          isChunked,
        })
        assert.equal(response.status, 200)
        await assertIdentified(stand, login)
        assert.equal(stand.echo.last().method, 'POST')
        assert.ok(stand.echo.last().body === body, 'the body arrived changed')
      }
    },
  },
  {
    name: 'half of an API key is refused in its own status, whatever the session',
    async run(stand) {
      const headers = asUser(await stand.login(), ['X-Auth-Apikey', '0123456789abcdef'])
      const response = await stand.ask({ target: ORDER, headers })
      assertRefused(stand, response, 422, 'authz.invalid_api_key_headers')
    },
  },
  {
    name: 'every header that an API key’s signature needs reaches the authorizer',
    async run(stand) {
      const key = [
        ['X-Auth-Apikey', '0123456789abcdef'],
        ['X-Auth-Nonce', String(Date.now())],
        ['X-Auth-Signature', '00'.repeat(32)],
      ] as const
      // Only who has read the last header can tell these three apart.
      const CASES = [
        [['X-Auth-Version', '2'], 401, 'authz.unexistent_apikey'],
        [['X-Auth-Version', '3'], 401, 'authz.apikey_version_refused'],
        [['Content-Digest', 'x'.repeat(1025)], 422, 'authz.invalid_api_key_headers'],
      ] as const
      for (const [last, status, reason] of CASES) {
        const version = last[0] === 'Content-Digest' ? [['X-Auth-Version', '2'] as const] : []
        const response = await stand.ask({ target: ORDER, headers: [...key, ...version, last] })
        assertRefused(stand, response, status, reason)
      }
    },
  },
  {
    name: 'a role without a rule for the path does not pass; once banned, nothing does',
    async run(stand) {
      const member = await signUp(stand)
      const mine = { target: '/api/v2/resource/users/me', headers: asUser(member) }
      assert.equal((await stand.ask(mine)).status, 200)
      for (const target of ['/api/v2/admin/users', '/no/rule/for/this']) {
        const response = await stand.ask({ target, headers: asUser(member) })
        assertRefused(stand, response, 401, 'authz.invalid_permission')
      }

      const admin = await stand.login()
      const token = ['X-CSRF-Token', admin.csrfToken] as const
      const ban = await stand.ask({
        method: 'POST',
        target: '/api/v2/admin/users/update',
        headers: asUser(admin, token, ['Content-Type', 'application/json']),
        body: JSON.stringify({ uid: member.uid, state: 'banned' }),
      })
      assert.ok(ban.status < 300, ban.body)
      // A ban ends every session as well, so there is none left to be refused as a user's.
      assertRefused(stand, await stand.ask(mine), 401, 'authz.invalid_session')
    },
  },
  {
    name: 'a blocked path is closed to everybody, however it is capitalised',
    async run(stand) {
      const headers = asUser(await stand.login())
      for (const target of ['/internal', '/internal/x', '/INTERNAL/x', '/api/v2/blocked/y?z']) {
        const response = await stand.ask({ target, headers })
        assertRefused(stand, response, 401, 'authz.permission_denied')
      }
    },
  },
  {
    name: 'a public path passes without a session, and says so to the upstream',
    async run(stand) {
      for (const target of ['/public', '/public/', '/public/a?x=/internal', '/public/a%20b']) {
        stand.echo.clear()
        const response = await stand.ask({ target, headers: [GUEST] })
        assert.equal(response.status, 200, target)
        assertNothingLeaks(response)
        assertAnonymous(stand)
        assert.equal(stand.echo.last().url, target)
      }
    },
  },
  {
    name: 'a pre-flight passes bare where the policy says so, and nowhere else',
    async run(stand) {
      const ask = (target: string) => stand.ask({ method: 'OPTIONS', target, headers: [GUEST] })
      assert.equal((await ask('/api/v2/orders')).status, 200)
      assertAnonymous(stand)
      stand.echo.clear()
      assertRefused(stand, await ask('/api/v2/ledger'), 401, 'authz.invalid_session')
    },
  },
  {
    name: 'HEAD is checked as any other method',
    async run(stand) {
      const login = await stand.login()
      const refused = await stand.ask({ method: 'HEAD', target: ORDER, headers: [GUEST] })
      assert.equal(refused.status, 401)
      assert.deepEqual(stand.echo.received, [])
      const passed = await stand.ask({ method: 'HEAD', target: ORDER, headers: asUser(login) })
      assert.equal(passed.status, 200)
      await assertIdentified(stand, login)
      assert.equal(stand.echo.last().method, 'HEAD')
    },
  },
  {
    name: 'foreign cookies arrive, ours does not',
    async run(stand) {
      const login = await stand.login()
      const foreign = `theme=dark; big=${'c'.repeat(4096)}`
      const value = `a=1; ${login.cookie}; ${foreign}`
      const response = await stand.ask({
        target: ORDER,
        headers: [GUEST, ['Cookie', value]],
      })
      assert.equal(response.status, 200)
      await assertIdentified(stand, login)
      const cookies = headerValues(stand.echo.last(), 'cookie').join('; ')
      const expected = stand.gateway.isCookieStripped ? `a=1; ${foreign}` : value
      assert.deepEqual(pairs(cookies), pairs(expected))
    },
  },
  {
    name: 'our cookie twice passes if both say the same, and neither copy arrives',
    async run(stand) {
      const login = await stand.login()
      const ask = (cookies: string) =>
        stand.ask({ target: ORDER, headers: [GUEST, ['Cookie', cookies]] })
      const differing = await ask(`${login.cookie}; ${FORGED}`)
      assertRefused(stand, differing, 401, 'authz.ambiguous_credential')
      const same = await ask(`${login.cookie}; a=1; ${login.cookie}`)
      assert.equal(same.status, 200)
      await assertIdentified(stand, login)
    },
  },
  {
    name: 'our cookie on a second Cookie line passes whole or not at all',
    async run(stand) {
      const login = await stand.login()
      const headers = [GUEST, ['Cookie', 'a=1'] as const, ['Cookie', login.cookie] as const]
      const response = await stand.ask({ target: ORDER, headers })
      // Envoy joins the lines with a comma (RFC 9110 §5.3), which leaves no cookie of ours.
      if (response.status !== 200) assertRefused(stand, response, 401, 'authz.invalid_session')
      else await assertIdentified(stand, login)
    },
  },
  {
    name: 'a WebSocket is checked at its handshake',
    async run(stand) {
      const login = await stand.login()
      const port = stand.server.port
      const refused = await askUpgrade(port, { target: '/api/v2/orders/live', headers: [GUEST] })
      assertRefused(stand, refused, 401, 'authz.invalid_session')

      const headers = asUser(login)
      const opened = await askUpgrade(port, { target: '/api/v2/orders/live', headers })
      assert.equal(opened.status, 101)
      assert.match(opened.body, /hello/)
      await assertIdentified(stand, login)
      assert.deepEqual(headerValues(stand.echo.last(), 'upgrade'), ['websocket'])
    },
  },
  {
    name: 'on one connection every request is judged by itself',
    async run(stand) {
      const login = await stand.login()
      const asked = Array.from({ length: 12 }, (_, index) => index % 3)
      const responses = await askInTurn(
        stand.server.port,
        asked.map((kind) => ({
          target: kind === 2 ? '/public/x' : ORDER,
          headers: kind === 0 ? asUser(login) : [GUEST],
        })),
      )
      assert.deepEqual(
        responses.map(({ status }) => status),
        asked.map((kind) => (kind === 1 ? 401 : 200)),
      )
      const seen = stand.echo.received.map((each) => headerValues(each, 'x-dvara-user')[0] ?? '')
      assert.deepEqual(
        seen,
        asked.filter((kind) => kind !== 1).map((kind) => (kind === 0 ? login.uid : '')),
      )
    },
  },
  {
    name: 'the identity API behind the gateway knows the caller by our token',
    async run(stand) {
      const login = await stand.login()
      const me = { target: '/api/v2/resource/users/me', headers: asUser(login) }
      const response = await stand.ask(me)
      assert.equal(response.status, 200, response.body)
      const bare = await stand.ask({ ...me, headers: [GUEST] })
      assertRefused(stand, bare, 401, 'authz.invalid_session')
    },
  },
  {
    name: 'after logging out the same cookie does not pass',
    async run(stand) {
      const login = await stand.loginAnew()
      const request = { target: ORDER, headers: asUser(login) }
      assert.equal((await stand.ask(request)).status, 200)
      const out = await stand.ask({
        method: 'DELETE',
        target: '/api/v2/identity/sessions',
        headers: asUser(login, ['X-CSRF-Token', login.csrfToken]),
      })
      assert.equal(out.status, 200, out.body)
      stand.echo.clear()
      assertRefused(stand, await stand.ask(request), 401, 'authz.invalid_session')
    },
  },
]

function pairs(cookies: string): string[] {
  return cookies.split(/; */).filter((pair) => pair !== '')
}
