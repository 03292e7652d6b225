import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DIALECT_NAMES } from '../../src/core/check.ts'
import type { Answer } from '../../src/core/verdict.ts'
import { isRefused, readCheck } from '../../src/gateway/dialect.ts'
import { DIALECTS } from '../../src/gateway/endpoint.ts'
import { AGENT, CSRF, NOW } from '../core/facts.ts'
import { toldBy } from '../core/granted.ts'
import { type Line, type Original, SPELLINGS } from '../gateway/spellings.ts'
import { signedV2 } from './keys.ts'
import { createWorld, ID, said } from './world.ts'

const OTHER = 'T'.repeat(68)

const originals: fc.Arbitrary<Original> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PURGE', 'get'),
  target: fc.constantFrom(
    ...['/app', '/app/x?y=1', '/app/trade', '/app/admin', '/app/ADMIN', '/apple', '/other'],
    ...['/public', '/public/internal', '/PUBLIC', '/management', '/app//x', '/app/../x', '*', ''],
  ),
  host: fc.constantFrom('app.example', 'APP.example.:443'),
  client: fc.constantFrom('198.51.100.7', '198.51.0.1', '203.0.113.9', '2001:db8::1'),
})

function line(name: string, ...values: string[]): fc.Arbitrary<Line> {
  return fc.constantFrom(...values).map((value): Line => [name, value])
}

/** Whatever a client may send along, each kind at most twice. */
const lines = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: line('Cookie', `dvara_session=${ID}`, `a=1; dvara_session=${ID}`) },
      line('Cookie', `dvara_session=${OTHER}`, 'dvara_session=forged', 'a=1'),
      { weight: 4, arbitrary: line('User-Agent', AGENT) },
      line('User-Agent', 'curl/8', ''),
      { weight: 3, arbitrary: line('X-CSRF-Token', CSRF) },
      line('X-CSRF-Token', 'wrong', ''),
      line('X-Auth-Apikey', 'k', ' '),
      line('X-Auth-Nonce', '1700000000000'),
      line('X-Auth-Signature', 'ab', ''),
      line('X-Auth-Version', '2', '3'),
      line('Content-Digest', 'sha-256=:x:'),
      line('Authorization', 'Bearer of-the-client'),
      line('X-Dvara-User', 'ID1'),
      line('Accept', '*/*'),
    ),
    { maxLength: 7 },
  )
  .map((all) => all.filter(([name], at) => all.findIndex((one) => one[0] === name) >= at - 3))

test('one signed request gets the same answer in every dialect, and once only (PT-3)', async () => {
  const original = { method: 'POST', target: '/app/x?y=1', host: 'APP.example.:443' }
  const client = '198.51.100.7'
  for (const [at, name] of DIALECT_NAMES.entries()) {
    const { authorize } = createWorld()
    const digest = 'sha-256=:abc=:'
    const check = { method: 'POST', path: '/app/x', query: 'y=1' }
    const { apiKey } = signedV2(check, { nonce: String(NOW + at), digest })
    const sent: Line[] = [
      ['X-Auth-Apikey', apiKey?.kid ?? ''],
      ['X-Auth-Nonce', apiKey?.nonce ?? ''],
      ['X-Auth-Signature', apiKey?.signature ?? ''],
      ['X-Auth-Version', '2'],
      ['Content-Digest', digest],
    ]
    const answerOf = async (dialect: (typeof DIALECT_NAMES)[number], lines: Line[]) => {
      const asked = SPELLINGS[dialect]({ ...original, client }, lines)
      const read = readCheck(DIALECTS[dialect], asked)
      return said(isRefused(read) ? read.denial : await authorize(read))
    }
    for (const twice of sent) {
      const expected = 'authz.invalid_api_key_headers'
      assert.equal(await answerOf(name, [...sent, twice]), expected, twice[0])
    }
    for (const missing of sent.slice(0, 3)) {
      const lines = sent.filter((one) => one !== missing)
      assert.equal(await answerOf(name, lines), 'authz.invalid_api_key_headers', missing[0])
    }
    for (const missing of sent.slice(3)) {
      const lines = sent.filter((one) => one !== missing)
      assert.equal(await answerOf(name, lines), 'authz.invalid_signature', missing[0])
    }
    assert.equal(await answerOf(name, sent), 'Bearer for dvara')
    for (const other of DIALECT_NAMES) {
      assert.equal(await answerOf(other, sent), 'authz.nonce_used', other)
    }
  }
})

/** All headers of a key at once are drawn too seldom to be counted on. */
const ASKED: Original = { method: 'GET', target: '/app/x', host: 'a', client: '198.51.100.7' }
const UNKNOWN_KEY: Line[] = [
  ['X-Auth-Apikey', 'fedcba9876543210'],
  ['X-Auth-Nonce', '1700000000000'],
  ['X-Auth-Signature', 'ab'],
]

test('one request of one session gets the same answer in every dialect (PT-3)', async () => {
  const { authorize } = createWorld()
  const heard = new Map<string, number>()

  async function answerIn(name: (typeof DIALECT_NAMES)[number], original: Original, sent: Line[]) {
    const read = readCheck(DIALECTS[name], SPELLINGS[name](original, sent))
    const answer: Answer = isRefused(read) ? read.denial : await authorize(read)
    if (answer.kind === 'deny') return said(answer)
    const { user, role } = toldBy(answer)
    return [said(answer), user, role].join()
  }

  await fc.assert(
    fc.asyncProperty(originals, lines, async (original, sent) => {
      const [first, ...others] = DIALECT_NAMES
      const expected = await answerIn(first, original, sent)
      heard.set(expected, (heard.get(expected) ?? 0) + 1)
      for (const name of others) {
        assert.equal(await answerIn(name, original, sent), expected, name)
      }
    }),
    { numRuns: 10_000, examples: [[ASKED, UNKNOWN_KEY]] },
  )
  for (const word of [
    ...['Bearer for dvara,ID0000000001,member', 'Bearer for trade,ID0000000001,member', 'anyone,,'],
    ...['authz.permission_denied', 'authz.invalid_permission', 'authz.invalid_session'],
    ...['authz.client_session_mismatch', 'authz.missing_csrf_token', 'authz.csrf_token_mismatch'],
    ...['authz.ambiguous_path', 'authz.ambiguous_credential', 'authz.reserved_header'],
    ...['authz.invalid_api_key_headers', 'authz.unexistent_apikey', 'authz.unsupported_method'],
  ]) {
    assert.ok(
      (heard.get(word) ?? 0) > 0,
      `never heard: ${word}, but ${[...heard.keys()].join(' ')}`,
    )
  }
})
