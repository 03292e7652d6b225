import assert from 'node:assert/strict'
import { headerValues } from '../process/servers.ts'
import type { Scenario } from './scenarios.ts'
import { assertAnonymous, assertIdentified, assertRefused, asUser, USER_AGENT } from './stand.ts'
import { askUpgrade } from './wire.ts'

const ORDER = '/api/v2/orders/7'
const GUEST = ['User-Agent', USER_AGENT] as const

/** Targets that two servers could read differently, asked by somebody who may go everywhere. */
const EVIL_TARGETS = [
  ...['/public/../internal', '/public/..', '/public/./x', '/./internal', '/public/.', '/..'],
  ...['/public/%2e%2e/internal', '/public/.%2e/internal', '/public/%2E./internal', '/%2e/x'],
  ...['/public/..%2finternal', '/public%2f..%2finternal', '/public/..%5cinternal'],
  ...['/public\\..\\internal', '/public%5c..%5cinternal', '/public/a\\b'],
  ...['//internal', '///internal', '/api//v2/orders', '//evil.example/public', '/public//'],
  ...['/internal%00/public', '/public%00/../internal', '/public/a\0b', '/public/%0d%0aX: y'],
  ...['/%69nternal', '/%2569nternal', '/public/%252e%252e/internal', '/public/%zz'],
  ...['/public;/../internal', '/public/;x=1', '/public/..;/internal', '/internal;.css'],
  ...['/public/x#/internal', '/public#', '/public?x#y'],
  ...['/public/admin.', '/public/admin./x', '/public/x%20', '/public/x%09', '/public/\ty'],
  ...['/public/\xef\xbc\x8fadmin', '/public/%ef%bc%8fadmin', '/public/%c0%af', '/public/\xff'],
  ...['/public?x=\xff', '/internal\xff', '/public/%ff'],
  ...['public', '*', '?x', 'evil.example:443', '/public/x y', `/${'a'.repeat(9000)}`],
  ...[`/public/${'../'.repeat(2000)}internal`, `/${'a/'.repeat(5000)}`],
]

/** Names that upstreams take identity from, in spellings that some read as the same. */
const IDENTITY_NAMES = [
  ...['X-Dvara-User', 'x-dvara-role', 'X_Dvara_User', 'X.Dvara.User', 'X-Dvara_User'],
  ...['Remote-User', 'Remote_User', 'Remote.User', 'Remote-Groups', 'Remote-Email'],
  ...['X-Forwarded-User', 'X_Forwarded_User', 'X-Forwarded-Groups', 'X-Forwarded-Email'],
  ...['X-Forwarded-Preferred-Username', 'X-Auth-User', 'X-Remote-User', 'X-Authentik-Username'],
]

const BOMBS = [
  { name: 'one cookie of 64 KiB', lines: [`b=${'x'.repeat(65_536)}`] },
  { name: 'twenty cookies of 4 KiB', lines: Array(20).fill(`b=${'x'.repeat(4_096)}`) },
]

/** What clients try. */
export const HOSTILE: readonly Scenario[] = [
  {
    name: 'a target with more than one reading is refused, whoever asks',
    async run(stand) {
      for (const target of EVIL_TARGETS) {
        const shown = JSON.stringify(target.slice(0, 60))
        const headers = asUser(await stand.login())
        const response = await stand.ask({ target, headers })
        assert.ok(response.status >= 400, `${shown}: ${response.status}`)
        assert.deepEqual(stand.echo.received, [], `the upstream was asked for ${shown}`)
      }
    },
  },
  {
    name: 'a target that only looks public is not',
    async run(stand) {
      for (const target of ['/publicX', '/public-x/y', '/PUBLIC/x', '/x?/public', '/publi']) {
        const response = await stand.ask({ target, headers: [GUEST] })
        assertRefused(stand, response, 401, 'authz.invalid_session')
      }
    },
  },
  {
    name: 'a client’s own Authorization never arrives',
    async run(stand) {
      const login = await stand.login()
      const forged = [
        ['Authorization', 'Bearer evil'] as const,
        ['authorization', 'Basic ZXZpbA=='] as const,
      ]
      for (const own of [forged.slice(0, 1), forged]) {
        for (const target of ['/public/x', ORDER]) {
          stand.echo.clear()
          const response = await stand.ask({ target, headers: [...asUser(login), ...own] })
          if (response.status !== 200) {
            // A gateway may refuse the repetition itself.
            assert.ok(own.length === 2 && response.status === 400, String(response.status))
            assert.deepEqual(stand.echo.received, [])
          } else if (target === ORDER) await assertIdentified(stand, login)
          else assertAnonymous(stand)
        }
      }
    },
  },
  {
    name: 'a client that says who it is, is refused',
    async run(stand) {
      const login = await stand.login()
      for (const name of ['X-Dvara-User', 'X-Dvara-Role', 'Remote-User', 'X-Authentik-Uid']) {
        const headers = asUser(login, [name, 'spoofed'])
        const response = await stand.ask({ target: ORDER, headers })
        assertRefused(stand, response, 403, 'authz.reserved_header')
      }
    },
  },
  {
    name: 'no spelling of an identity header arrives',
    async run(stand) {
      const login = await stand.login()
      for (const name of IDENTITY_NAMES) {
        for (const target of [ORDER, '/public/x']) {
          stand.echo.clear()
          const headers = asUser(login, [name, 'spoofed'])
          const response = await stand.ask({ target, headers })
          assert.ok([200, 400, 403].includes(response.status), `${name}: ${response.status}`)
          const [seen] = stand.echo.received
          assert.equal(seen !== undefined, response.status === 200)
          assert.ok(!(seen?.rawHeaders.includes('spoofed') ?? false), `${name} arrived`)
          if (seen !== undefined && target === ORDER) await assertIdentified(stand, login)
        }
      }
    },
  },
  {
    name: 'a client cannot tell the authorizer what it asks for, nor from where',
    async run(stand) {
      const lies = [
        ...['X-Original-URI: /public/x', 'X-Original-URL: http://a/public/x'],
        ...['X-Forwarded-Uri: /public/x', 'X-Forwarded-Prefix: /public', 'X-Rewrite-URL: /public'],
        ...['X-Original-Method: OPTIONS', 'X-Forwarded-Method: OPTIONS'],
        ...['X-HTTP-Method-Override: OPTIONS', 'X-Forwarded-Host: evil.example'],
        ...['X-Real-IP: 10.0.0.1', 'X-Forwarded-For: 10.0.0.1', 'Forwarded: for=10.0.0.1'],
        ...['Connection: close, X-Original-URI', 'Connection: close, X-Forwarded-Uri, X-Real-IP'],
      ].map((line) => line.split(': ') as [string, string])
      for (const lie of lies) {
        const response = await stand.ask({ target: ORDER, headers: [GUEST, lie] })
        assertRefused(stand, response, 401, 'authz.invalid_session')
      }
      // The login is bound to 127.0.0.0/16: an address that were believed would not pass.
      const login = await stand.login()
      for (const lie of lies.slice(-5)) {
        stand.echo.clear()
        const response = await stand.ask({ target: ORDER, headers: asUser(login, lie) })
        assert.equal(response.status, 200, lie.join(': '))
        await assertIdentified(stand, login)
      }
    },
  },
  {
    name: 'neither the authorizer nor what operators see is within reach',
    async run(stand) {
      const forged = [
        GUEST,
        ['X-Original-Method', 'GET'] as const,
        ['X-Original-URI', '/public/x'] as const,
        ['X-Forwarded-Method', 'GET'] as const,
        ['X-Forwarded-Uri', '/public/x'] as const,
      ]
      const own = ['/_dvara', `/authz/${stand.gateway.name}`, '/authz/envoy/public/x']
      for (const target of [...own, '/metrics', '/health/ready']) {
        const response = await stand.ask({ target, headers: forged })
        assert.ok([401, 403, 404].includes(response.status), `${target}: ${response.status}`)
        assert.deepEqual(stand.echo.received, [])
      }
    },
  },
  {
    name: 'an oversized request ends at the gateway, as the client’s mistake',
    async run(stand) {
      const login = await stand.login()
      for (const { name, lines } of BOMBS) {
        const bombs = lines.map((line) => ['Cookie', line] as const)
        const response = await stand.ask({ target: ORDER, headers: [...asUser(login), ...bombs] })
        assert.ok([400, 413, 414, 431].includes(response.status), `${name}: ${response.status}`)
        assert.deepEqual(stand.echo.received, [])
      }
    },
  },
  {
    name: 'with a great many headers there is a verdict or a refusal, never a pass unchecked',
    async run(stand) {
      const login = await stand.login()
      const many = Array.from({ length: 150 }, (_, index) => [`X-Filler-${index}`, 'x'] as const)
      const refused = await stand.ask({ target: ORDER, headers: [GUEST, ...many] })
      assert.ok(refused.status >= 400, String(refused.status))
      assert.deepEqual(stand.echo.received, [])
      const response = await stand.ask({ target: ORDER, headers: [...asUser(login), ...many] })
      if (response.status === 200) await assertIdentified(stand, login)
      else assert.deepEqual(stand.echo.received, [])
    },
  },
  {
    name: 'no other protocol can be tunnelled past the checks',
    async run(stand) {
      const login = await stand.login()
      const headers = asUser(login, ['Upgrade', 'h2c'], ['HTTP2-Settings', 'AAMAAABkAAQAoAAA'])
      const response = await stand.ask({
        target: ORDER,
        headers: [...headers, ['Connection', 'Upgrade, HTTP2-Settings, close']],
      })
      assert.notEqual(response.status, 101)
      for (const seen of stand.echo.received) {
        assert.deepEqual(headerValues(seen, 'upgrade'), [])
      }
    },
  },
  {
    name: 'a WebSocket handshake cannot carry an identity of its own',
    async run(stand) {
      const headers = [GUEST, ['Authorization', 'Bearer evil'] as const]
      const response = await askUpgrade(stand.server.port, { target: '/public/live', headers })
      assert.equal(response.status, 101)
      assertAnonymous(stand)
    },
  },
]
