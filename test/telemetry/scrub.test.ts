import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  boundText,
  LOG_BOUNDS,
  scrubError,
  scrubFields,
  scrubLine,
} from '../../src/telemetry/scrub.ts'

const CANARY = 'canary-3e8d'

const SECRET_NAMES = [
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'Set-Cookie',
  'X-Auth-Signature',
  'password',
  'newPassword',
  'password_digest',
  'passwordDigest',
  'csrfToken',
  'csrf_token',
  'client_secret',
  'refreshToken',
  'privateKey',
  'x-auth-nonce',
]

for (const name of SECRET_NAMES) {
  test(`a field named ${name} is masked at any depth`, () => {
    for (const fields of [{ [name]: CANARY }, { a: { b: [{ [name]: { deep: CANARY } }] } }]) {
      const said = JSON.stringify(scrubFields(fields))
      assert.ok(!said.includes(CANARY), said)
      assert.ok(said.includes('[secret]'))
    }
  })
}

test('fields that only sound secret are shown', () => {
  const fields = { cookieName: 'a', jwtTtlS: 60, tokensCount: 3, reason: 'authz.invalid_session' }
  assert.deepEqual(scrubFields(fields), fields)
})

const LINES: [string, string, string][] = [
  ['the user part of a URL', `at redis://me:${CANARY}@h:1/0 now`, 'at redis://[secret]@h:1/0 now'],
  ['a bearer token', `Bearer ${CANARY}.x`, 'Bearer [secret]'],
  ['basic credentials', `basic ${CANARY}==`, 'basic [secret]'],
  ['a JWT', `t eyJhbGciOiJFZERTQSJ9.eyJ${CANARY}.sig-x y`, 't [secret] y'],
  ['control characters of terminals', 'a\u009b2Jb\u202e', 'a\\u009b2Jb\\u202e'],
  ['nothing else', 'GET /a/b?c=d u@example.org', 'GET /a/b?c=d u@example.org'],
]

for (const [about, line, expected] of LINES) {
  test(`a line is rid of ${about}`, () => assert.equal(scrubLine(line), expected))
}

test('text is bounded and says by how much', () => {
  const { textCharsMax } = LOG_BOUNDS
  assert.equal(boundText('x'.repeat(textCharsMax)), 'x'.repeat(textCharsMax))
  assert.match(boundText('x'.repeat(textCharsMax + 5)), /x… \(5 more\)$/)
})

test('an error says type, code, message, stack and causes, and nothing that hangs on it', () => {
  const cause = Object.assign(new Error('inner'), { parameters: [CANARY], code: '28P01' })
  const error = Object.assign(new TypeError('outer', { cause }), { query: CANARY })
  const said = scrubError(error)
  assert.equal(said.type, 'TypeError')
  assert.equal(said.message, 'outer')
  assert.ok(typeof said.cause === 'object' && said.cause.code === '28P01')
  assert.ok(!JSON.stringify(said).includes(CANARY))
})

test('a cause that is no error gives its kind only', () => {
  assert.equal(scrubError(new Error('a', { cause: CANARY })).cause, 'string')
})

test('causes that go in a circle end', () => {
  const error = new Error('a')
  error.cause = error
  assert.ok(JSON.stringify(scrubError(error)).length < 50_000)
})

test('circles, depth, bytes, functions and big numbers are said in a word', () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const said = scrubFields({
    circle,
    deep: { a: { b: { c: { d: { e: 1 } } } } },
    bytes: Buffer.from(CANARY),
    call: () => 1,
    big: 10n,
    when: new Date(0),
  })
  assert.deepEqual(said, {
    circle: { self: '[circular]' },
    deep: { a: { b: { c: { d: '[deeper]' } } } },
    bytes: `[${CANARY.length} bytes]`,
    call: '[function]',
    big: '10',
    when: '1970-01-01T00:00:00.000Z',
  })
})

test('whatever is logged, its length is bounded and nothing throws', () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 8, maxKeys: 60, withBigInt: true }), (fields) => {
      assert.equal(typeof JSON.stringify(scrubFields(fields)), 'string')
    }),
    { numRuns: 100 },
  )
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, at]))
  assert.equal(Object.keys(scrubFields(wide)).length, LOG_BOUNDS.keysMax + 1)
  const long = scrubFields({ items: Array.from({ length: 1000 }, (_, at) => at) })
  assert.equal((long.items as unknown[]).length, LOG_BOUNDS.itemsMax + 1)
})
