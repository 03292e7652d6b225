/** What every engine must do alike, over real sockets. What cannot be alike: survival.test.ts. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DIALECT_NAMES, type DialectName } from '../../src/core/check.ts'
import type { Reason } from '../../src/core/reason.ts'
import { type Answer, deny, GRANT_ANYONE } from '../../src/core/verdict.ts'
import { DIALECTS } from '../../src/gateway/endpoint.ts'
import { HEADER_LINES_MAX } from '../../src/gateway/headers.ts'
import { grantOf } from '../core/granted.ts'
import { exchange, head, readWire, valuesOf } from './client.ts'
import { ENGINE_KINDS, GRANT, networks, type Opened, openServer, refuse, TOLD } from './opened.ts'

const WIRE = Object.fromEntries(DIALECT_NAMES.map((name) => [name, readWire(name)])) as Record<
  DialectName,
  string
>

function isHead(name: DialectName): boolean {
  return name === 'haproxy'
}

/** A recorded check with more lines in its head. */
function withLines(name: DialectName, ...lines: string[]): string {
  return WIRE[name].replace('\r\n\r\n', `\r\n${lines.join('\r\n')}\r\n\r\n`)
}

function withoutLine(name: DialectName, header: string): string {
  return WIRE[name].replace(new RegExp(`\r\n${header}:[^\r]*`, 'i'), '')
}

const MANDATORY: Record<DialectName, readonly string[]> = {
  nginx: ['x-original-method', 'x-original-uri', 'x-real-ip'],
  traefik: ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-for'],
  caddy: ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-for'],
  haproxy: ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-for'],
  envoy: ['x-forwarded-for'],
  barong: [],
}
/** These may be repeated: proxies add their own line. */
const LISTS = ['x-forwarded-for']

for (const kind of ENGINE_KINDS) {
  describe(`on ${kind}`, () => {
    let opened: Opened

    before(async () => {
      opened = await openServer(kind)
    })
    beforeEach(() => {
      opened.answer = () => GRANT
      opened.checks.length = 0
      opened.events.length = 0
      opened.observed.length = 0
    })
    after(() => opened.server.close())

    /** Sends one check and returns the one reply to it. */
    async function ask(raw: string | string[], options = {}) {
      const heard = await exchange(opened.port, raw, options)
      assert.equal(heard.replies.length, 1, JSON.stringify(heard))
      const [reply] = heard.replies
      assert.ok(reply !== undefined)
      // Whatever is answered to a check has a name; what is no check has none.
      const isCheck = !raw.toString().includes('jwks.json') && reply.status !== 404
      const ids = valuesOf(reply, 'x-decision-id')
      assert.equal(ids.length, isCheck ? 1 : 0)
      if (isCheck) assert.match(ids[0] ?? '', /^tests[0-9a-hjkmnp-tv-z]{8}$/)
      return { ...reply, isClosed: heard.isClosed }
    }

    async function assertRefused(raw: string, reason: Reason, options = {}) {
      const reply = await ask(raw, options)
      assert.deepEqual(valuesOf(reply, 'x-auth-reason'), [reason])
      assert.ok(reply.status === 401 || reply.status === 403 || reply.status === 422)
      return reply
    }

    for (const name of DIALECT_NAMES) {
      test(`${name}: the recorded check is understood and allowed`, async () => {
        const reply = await ask(WIRE[name], { isHead: isHead(name) })
        assert.equal(reply.status, 200)
        assert.equal(reply.body, '')
        assert.deepEqual(valuesOf(reply, 'authorization'), [TOLD.authorization])
        assert.deepEqual(valuesOf(reply, 'x-dvara-user'), ['ID42'])
        assert.deepEqual(valuesOf(reply, 'x-dvara-role'), ['member'])
        assert.deepEqual(valuesOf(reply, 'content-length'), ['0'])
        assert.deepEqual(valuesOf(reply, 'cache-control'), ['no-store'])
        const [check] = opened.checks
        assert.equal(check?.dialect, name)
        assert.equal(check?.method, 'POST')
        assert.equal(check?.path, '/orders/7')
        assert.equal(check?.query, 'page=2')
        assert.equal(check?.host, 'app.example.com')
        assert.equal(check?.address.text, '203.0.113.9')
        assert.equal(check?.userAgent, 'Mozilla/5.0 (X11)')
        assert.equal(check?.cookies, '__Host-dvara=s3cr3t; theme=dark')
        assert.equal(check?.csrfToken, 'c5rf')
        assert.equal(check?.apiKey, undefined)
        assert.deepEqual(opened.observed, [{ dialect: name, reason: 'allow' }])
      })

      for (const reason of ['authz.invalid_session', 'authz.unavailable'] as const) {
        test(`${name}: ${reason} is worded, at once and later`, async () => {
          const refusals = [refuse(reason), async () => deny(reason)]
          for (const answer of refusals) {
            opened.answer = answer
            const reply = await ask(WIRE[name], { isHead: isHead(name) })
            assert.equal(reply.status, deny(reason).status)
            assert.deepEqual(valuesOf(reply, 'x-auth-reason'), [reason])
            assert.equal(valuesOf(reply, 'www-authenticate').length, reply.status === 401 ? 1 : 0)
            assert.equal(reply.body, isHead(name) ? '' : `{"errors":["${reason}"]}`)
            assert.deepEqual(valuesOf(reply, 'cache-control'), ['no-store'])
            assert.deepEqual(valuesOf(reply, 'authorization'), [])
          }
        })
      }

      for (const header of MANDATORY[name]) {
        test(`${name}: without ${header} the check is malformed`, async () => {
          const options = { isHead: isHead(name) }
          await assertRefused(withoutLine(name, header), 'authz.malformed_check', options)
          assert.deepEqual(opened.events, [
            { kind: 'malformed_check', dialect: name, about: header },
          ])
          assert.deepEqual(opened.checks, [])
        })

        if (LISTS.includes(header)) continue
        test(`${name}: with two lines of ${header} the check is malformed`, async () => {
          const twice = withLines(name, `${header}: /public`)
          await assertRefused(twice, 'authz.malformed_check', { isHead: isHead(name) })
          const thrice = withLines(name, `${header}: GET`, `${header}: GET`)
          await assertRefused(thrice, 'authz.malformed_check', { isHead: isHead(name) })
        })
      }
    }

    test('nginx hears 403 in place of 422, and the true status beside it', async () => {
      opened.answer = refuse('authz.invalid_api_key_headers')
      const nginx = await ask(WIRE.nginx)
      assert.equal(nginx.status, 403)
      assert.deepEqual(valuesOf(nginx, 'x-auth-status'), ['422'])
      assert.equal((await ask(WIRE.caddy)).status, 422)
      assert.equal((await ask(WIRE.barong)).status, 422)
    })

    test('other dialects’ headers are ignored', async () => {
      const lines = [
        'X-Forwarded-Uri: /public',
        'X-Forwarded-Method: GET',
        'X-Forwarded-For: 1.1.1.1',
      ]
      await ask(withLines('nginx', ...lines))
      await ask(withLines('caddy', 'X-Original-URI: /public', 'X-Original-Method: GET'))
      await ask(withLines('envoy', 'X-Original-URI: /public', 'X-Forwarded-Uri: /public'))
      assert.equal(opened.checks.length, 3)
      for (const check of opened.checks) {
        assert.equal(`${check.method} ${check.path}`, 'POST /orders/7')
        assert.equal(check.address.text, '203.0.113.9')
      }
    })

    test('headers that are no part of a verdict change nothing', async () => {
      const lines = ['X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'True-Client-IP']
      lines.push('CF-Connecting-IP', 'Forwarded', 'X-Forwarded-Prefix', 'Client-IP')
      await ask(WIRE.traefik)
      await ask(withLines('traefik', ...lines.map((name) => `${name}: /1.1.1.1`)))
      const [plain, loaded] = opened.checks
      assert.deepEqual(loaded, plain)
    })

    test('cookies of several lines are joined; single credentials sent twice are not', async () => {
      await ask(
        withLines(
          'nginx',
          'Cookie: more=1',
          'X-CSRF-Token: c5rf',
          'X-Auth-Apikey: k',
          'X-Auth-Apikey: k',
          'X-Auth-Nonce: 1',
          'X-Auth-Version: 2',
          'X-Auth-Version: 2',
          'Content-Digest: sha-256=:x:',
        ),
      )
      const [check] = opened.checks
      assert.equal(check?.cookies, '__Host-dvara=s3cr3t; theme=dark; more=1')
      assert.notEqual(check?.csrfToken, 'c5rf')
      assert.deepEqual(check?.apiKey, {
        ...{ kid: '', nonce: '1', signature: undefined },
        ...{ version: null, contentDigest: 'sha-256=:x:' },
      })
    })

    test('an empty CSRF token is present, an absent one is not', async () => {
      const without = withoutLine('nginx', 'x-csrf-token')
      await ask(without)
      await ask(without.replace('\r\n\r\n', '\r\nX-CSRF-Token:\r\n\r\n'))
      assert.deepEqual(
        opened.checks.map((check) => check.csrfToken),
        [undefined, ''],
      )
    })

    test('two Host lines are malformed where Host is the host', async () => {
      for (const name of ['nginx', 'envoy', 'barong'] as const) {
        await assertRefused(withLines(name, 'Host: evil.example'), 'authz.malformed_check')
      }
    })

    // Aliases with `_` or `.` are in survival.test.ts: not every engine reads such names.
    const RESERVED = ['X-Dvara-User: root', 'x-dvara-anything: 1', 'Remote-User: root']
    RESERVED.push('X-Forwarded-User: root', 'X-Auth-Role: admin', 'X-Authentik-Groups: a')
    for (const line of RESERVED) {
      test(`a client’s ${line.split(':')[0]} is refused`, async () => {
        await assertRefused(withLines('nginx', line), 'authz.reserved_header')
        await assertRefused(withLines('envoy', line), 'authz.reserved_header')
        assert.deepEqual(opened.checks, [])
      })
    }

    test('a client’s own Authorization is no reason to refuse; ours overwrites it', async () => {
      const reply = await ask(withLines('nginx', 'Authorization: Bearer stolen'))
      assert.equal(reply.status, 200)
      assert.deepEqual(valuesOf(reply, 'authorization'), [TOLD.authorization])
    })

    test('grants of any length are written whole, one after the other', async () => {
      for (const length of [20, 9_000, 600, 8_150, 20]) {
        const authorization = `Bearer ${'x'.repeat(length)}`
        opened.answer = () => grantOf({ ...TOLD, authorization })
        const reply = await ask(WIRE.nginx)
        assert.deepEqual(valuesOf(reply, 'authorization'), [authorization])
        assert.deepEqual(valuesOf(reply, 'x-dvara-role'), ['member'])
      }
    })

    test('nobody’s grant carries the identity headers empty', async () => {
      opened.answer = () => GRANT_ANYONE
      const reply = await ask(WIRE.caddy)
      assert.equal(reply.status, 200)
      for (const name of ['authorization', 'x-dvara-user', 'x-dvara-role']) {
        assert.deepEqual(valuesOf(reply, name), [''])
      }
    })

    for (const value of ['a\r\nSet-Cookie: x=1', 'a\nb', 'a\0b', 'ä', '名', '\x7f', ' a', 'a ']) {
      test(`a grant with ${JSON.stringify(value)} in it is refused, not written`, async () => {
        opened.answer = () => grantOf({ ...TOLD, user: value })
        const reply = await assertRefused(WIRE.traefik, 'authz.unavailable')
        assert.deepEqual(valuesOf(reply, 'set-cookie'), [])
        assert.deepEqual(valuesOf(reply, 'x-dvara-user'), [])
        assert.deepEqual(opened.observed, [{ dialect: 'traefik', reason: 'authz.unavailable' }])
      })
    }

    const METHODS = ['get', 'Get', 'GET POST', '', 'GÉT', 'A'.repeat(21), '-GET', 'GET,GET']
    for (const method of METHODS) {
      test(`the method ${JSON.stringify(method)} is refused`, async () => {
        const raw = WIRE.nginx.replace('Method: POST', `Method: ${method}`)
        await assertRefused(raw, 'authz.unsupported_method')
      })
    }

    test('methods that nobody has heard of reach the rules', async () => {
      for (const method of ['M-SEARCH', 'PURGE', 'A'.repeat(20)]) {
        await ask(WIRE.nginx.replace('Method: POST', `Method: ${method}`))
      }
      assert.equal(opened.checks[0]?.method, 'M-SEARCH')
      assert.equal(opened.checks.length, 3)
    })

    const TARGETS = ['/a/../b', '//a', '/a%2fb', 'a', '', '*', '/a\\b', '/a;b', 'http://x/', '/a#b']
    for (const target of TARGETS) {
      test(`the target ${JSON.stringify(target)} is refused`, async () => {
        const raw = WIRE.caddy.replace('Uri: /orders/7?page=2', `Uri: ${target}`)
        await assertRefused(raw, 'authz.ambiguous_path')
      })
    }

    test('an endpoint that is none is a small 404', async () => {
      for (const path of [
        '/',
        '/authz',
        '/authz/envoy',
        '/authz/nginx/',
        '/AUTHZ/nginx',
        '/health',
      ]) {
        const reply = await ask(head(`GET ${path} HTTP/1.1`, 'Host: a'))
        assert.equal(reply.status, 404)
        assert.equal(reply.body, '{"error":"Not found"}')
      }
      for (const path of ['/api/v2/auth', '/api/v2/auth/', '/api/v2/auth?a=1']) {
        const reply = await ask(head(`GET ${path} HTTP/1.1`, 'Host: a'))
        assert.equal(reply.status, 404)
        assert.equal(reply.body, '{"error":"Route is not found"}')
      }
      assert.deepEqual(opened.checks, [])
    })

    test('the public keys may be cached, and only be read', async () => {
      const reply = await ask(head('GET /.well-known/jwks.json HTTP/1.1', 'Host: a'))
      assert.equal(reply.status, 200)
      assert.equal(reply.body, '{"keys":[]}')
      assert.deepEqual(valuesOf(reply, 'cache-control'), ['public, max-age=300'])
      assert.deepEqual(valuesOf(reply, 'content-type'), ['application/json'])
      const post = await ask(head('DELETE /.well-known/jwks.json HTTP/1.1', 'Host: a'))
      assert.equal(post.status, 404)
    })

    test('fixed endpoints take any method, and HEAD never gets a body', async () => {
      opened.answer = refuse('authz.invalid_session')
      for (const method of ['HEAD', 'POST', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE']) {
        const raw = WIRE.nginx.replace('GET ', `${method} `)
        const twice = await exchange(opened.port, raw + raw, {
          repliesCount: 2,
          isHead: method === 'HEAD',
        })
        assert.deepEqual(
          twice.replies.map((reply) => reply.status),
          [401, 401],
          method,
        )
      }
    })

    test('pipelined checks are answered in order', async () => {
      const raw = ['/a', '/b', '/c'].map((path) => WIRE.nginx.replace('/orders/7', path)).join('')
      opened.answer = (check) => grantOf({ ...TOLD, user: check.path })
      const heard = await exchange(opened.port, raw, { repliesCount: 3 })
      assert.deepEqual(
        heard.replies.map((reply) => valuesOf(reply, 'x-dvara-user')[0]),
        ['/a', '/b', '/c'],
      )
    })

    test('a body is skipped where the gateway may send one', async () => {
      const body = WIRE.envoy.replace('content-length: 0', 'content-length: 5')
      const chunked = WIRE.barong
        .replace('content-length: 3', 'transfer-encoding: chunked')
        .replace(/a=1$/, '3\r\na=1\r\n0\r\n\r\n')
      const heard = await exchange(opened.port, `${body}hello${chunked}${WIRE.envoy}`, {
        repliesCount: 3,
      })
      assert.deepEqual(
        heard.replies.map((reply) => reply.status),
        [200, 200, 200],
      )
    })

    test('a body that is announced where none belongs ends the connection', async () => {
      for (const name of ['nginx', 'traefik', 'caddy'] as const) {
        const raw = withLines(name, 'Content-Length: 5')
        const heard = await exchange(opened.port, raw, { untilClosed: true })
        assert.equal(heard.replies[0]?.status, 200)
        assert.deepEqual(valuesOf(heard.replies[0], 'connection'), ['close'])
        assert.ok(heard.isClosed && heard.elapsedMs < 1000)
      }
    })

    test('both a length and a transfer coding: 400, and nothing is asked', async () => {
      const raw = withLines('nginx', 'Content-Length: 5', 'Transfer-Encoding: chunked')
      const heard = await exchange(opened.port, `${raw}0\r\n\r\n${WIRE.nginx}`, {
        untilClosed: true,
      })
      assert.equal(heard.replies[0]?.status, 400)
      assert.ok(heard.isClosed)
      assert.deepEqual(opened.checks, [])
    })

    test('Expect: 100-continue is answered at once, and the connection ends', async () => {
      const expecting = 'content-length: 3\r\nExpect: 100-continue'
      const raw = WIRE.barong.replace('content-length: 3', expecting).replace(/a=1$/, '')
      const heard = await exchange(opened.port, raw, { untilClosed: true })
      const statuses = heard.replies.map((reply) => reply.status)
      // uWebSockets.js continues by itself, before anybody is asked.
      assert.deepEqual(statuses, kind === 'uws' ? [100, 200] : [200])
      assert.ok(heard.isClosed)
    })

    test('a WebSocket handshake is a check like any other', async () => {
      const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
      const raw = withLines('envoy', ...lines, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')
      assert.equal((await ask(raw.replace('POST', 'GET'))).status, 200)
      assert.equal(opened.checks[0]?.method, 'GET')
    })

    test('sixty more headers and a cookie of 20,000 bytes are read', async () => {
      const lines = Array.from({ length: 60 }, (_, at) => `X-Foreign-${at}: ${at}`)
      const reply = await ask(withLines('nginx', ...lines, `Cookie: big=${'x'.repeat(20_000)}`))
      assert.equal(reply.status, 200)
      assert.equal(opened.checks[0]?.cookies.length, 31 + 2 + 4 + 20_000)
      assert.ok(lines.length < HEADER_LINES_MAX)
    })

    test('wherever the header lines are split, the answer is the same', async () => {
      const requestLineEnd = WIRE.caddy.indexOf('\r\n') + 2
      const offsets: number[] = []
      for (let at = requestLineEnd; at < WIRE.caddy.length; at += 5) offsets.push(at)
      const answers = await Promise.all(
        offsets.map((at) => ask([WIRE.caddy.slice(0, at), WIRE.caddy.slice(at)])),
      )
      assert.ok(answers.every((reply) => reply.status === 200))
      assert.ok(opened.checks.every((check) => check.path === '/orders/7'))
    })

    test('authorize that throws, rejects or answers rubbish is a 403', async () => {
      const rubbish = [undefined, null, 7, {}, { kind: 'deny', reason: 'nonsense' }] as unknown[]
      const answers: (() => Answer | Promise<Answer>)[] = [
        () => {
          throw new Error('broken')
        },
        () => Promise.reject(new Error('broken')),
        ...rubbish.map((value) => () => value as Answer),
        ...rubbish.map((value) => () => Promise.resolve(value as Answer)),
      ]
      for (const answer of answers) {
        opened.answer = answer
        await assertRefused(WIRE.nginx, 'authz.unavailable')
      }
      opened.answer = () => GRANT
      assert.equal((await ask(WIRE.nginx)).status, 200)
    })

    test('an answer that is late is a 403 in time; what comes afterwards is dropped', async () => {
      opened.answer = () => sleep(220, GRANT)
      const heard = await exchange(opened.port, WIRE.envoy)
      assert.deepEqual(valuesOf(heard.replies[0], 'x-auth-reason'), ['authz.unavailable'])
      assert.ok(heard.elapsedMs >= 140 && heard.elapsedMs < 215, `${heard.elapsedMs} ms`)
      await sleep(100)
      assert.deepEqual(opened.observed, [{ dialect: 'envoy', reason: 'authz.unavailable' }])
    })

    test('a caller that hangs up is forgotten; its answer harms nobody', async () => {
      const gates: ((answer: Answer) => void)[] = []
      opened.answer = () => new Promise<Answer>((resolve) => gates.push(resolve))
      const callers = Array.from({ length: 20 }, () => connect(opened.port, '127.0.0.1'))
      for (const caller of callers) caller.write(WIRE.nginx)
      for (let waits = 0; gates.length < 20 && waits < 1000; waits++) await sleep(5)
      assert.equal(gates.length, 20)
      for (const caller of callers) caller.destroy()
      await sleep(20)
      for (const open of gates) open(GRANT)
      opened.answer = () => GRANT
      assert.equal((await ask(WIRE.nginx)).status, 200)
      assert.deepEqual(opened.observed, [{ dialect: 'nginx', reason: 'allow' }])
    })
  })

  test(`on ${kind}: who is no trusted gateway is refused before anything is read`, async (t) => {
    const opened = await openServer(kind, { trustedGateways: networks('10.0.0.0/8', '::1') })
    t.after(() => opened.server.close())
    const raw = withLines('nginx', 'X-Dvara-User: root')
    const heard = await exchange(opened.port, raw + raw, { untilClosed: true })
    assert.ok(heard.isClosed && heard.replies.length > 0)
    for (const reply of heard.replies) {
      assert.equal(reply.status, 403)
      assert.deepEqual(valuesOf(reply, 'x-auth-reason'), ['authz.untrusted_gateway'])
    }
    const keys = await exchange(opened.port, head('GET /.well-known/jwks.json HTTP/1.1', 'Host: a'))
    assert.equal(keys.replies[0]?.status, 403)
    assert.deepEqual(opened.checks, [])
    assert.deepEqual(opened.events[0], { kind: 'untrusted_gateway', peer: '127.0.0.1' })
  })

  test(`on ${kind}: an observer that throws costs nobody an answer`, async (t) => {
    const observe = () => {
      throw new Error('broken')
    }
    const opened = await openServer(kind, { observe })
    t.after(() => opened.server.close())
    for (const answer of [() => GRANT, async () => GRANT]) {
      opened.answer = answer
      const heard = await exchange(opened.port, WIRE.nginx)
      assert.equal(heard.replies[0]?.status, 200)
    }
    assert.equal(opened.events[0]?.kind, 'bug')
  })
}

test('Envoy is told which of the client’s headers to drop, and never one of ours', () => {
  for (const name of ['envoy', 'barong'] as const) {
    const { headers } = DIALECTS[name].allow
    const at = headers.indexOf('x-envoy-auth-headers-to-remove')
    const removed = String(headers[at + 1]).split(', ')
    assert.ok(removed.includes('remote-user') && removed.includes('x-auth-role'))
    assert.ok(!removed.includes('authorization') && !removed.includes('x-dvara-user'))
  }
})
