import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IDENTITY_HEADERS } from '../../src/core/identity-lines.ts'
import { REASONS, type Reason } from '../../src/core/reason.ts'
import { createDenial, deny } from '../../src/core/verdict.ts'
import {
  ALLOW,
  ENVOY_ALLOW,
  type Reply,
  wordJwks,
  wordNativeDeny,
  wordNginxDeny,
} from '../../src/gateway/reply.ts'

function valuesIn(reply: Reply | undefined, name: string): string[] {
  return (reply?.headers ?? [])
    .map(String)
    .filter((_, at, all) => at % 2 === 1 && all[at - 1] === name)
}

for (const reason of Object.keys(REASONS) as Reason[]) {
  test(`${reason} is a refusal that every gateway passes on`, () => {
    const native = wordNativeDeny(deny(reason))
    const nginx = wordNginxDeny(deny(reason))
    assert.equal(native?.status, REASONS[reason].status)
    assert.ok(nginx?.status === 401 || nginx?.status === 403)
    assert.equal(nginx?.status === 401, native?.status === 401)
    for (const reply of [native, nginx]) {
      assert.ok(reply !== undefined && reply.status >= 400 && reply.status < 500)
      assert.match(reply.statusLine, new RegExp(`^${reply.status} [A-Z]`))
      assert.deepEqual(valuesIn(reply, 'X-Auth-Reason'), [reason])
      assert.deepEqual(valuesIn(reply, 'X-Auth-Status'), [String(REASONS[reason].status)])
      assert.deepEqual(valuesIn(reply, 'Cache-Control'), ['no-store'])
      assert.equal(valuesIn(reply, 'WWW-Authenticate').length, reply.status === 401 ? 1 : 0)
      assert.equal(new TextDecoder().decode(reply.body), `{"errors":["${reason}"]}`)
      for (const name of IDENTITY_HEADERS) assert.deepEqual(valuesIn(reply, name), [])
    }
  })
}

test('a restriction is refused in its own status, and again with the same bytes', () => {
  for (const status of [401, 403, 425, 471]) {
    const denial = createDenial('authz.restrict.blacklist', status)
    const native = wordNativeDeny(denial)
    assert.equal(native.status, status)
    assert.equal(wordNativeDeny(denial), native)
    const nginx = wordNginxDeny(denial)
    assert.equal(nginx.status, status === 401 ? 401 : 403)
    for (const reply of [native, nginx]) {
      assert.deepEqual(valuesIn(reply, 'X-Auth-Status'), [String(status)])
      assert.deepEqual(valuesIn(reply, 'X-Auth-Reason'), ['authz.restrict.blacklist'])
    }
  }
})

test('a limit says when to try again, and nothing else does', () => {
  const limited = createDenial('authz.rate_limited.address', 429, 30)
  assert.deepEqual(valuesIn(wordNativeDeny(limited), 'Retry-After'), ['30'])
  assert.deepEqual(valuesIn(wordNginxDeny(limited), 'Retry-After'), ['30'])
  assert.equal(wordNativeDeny(limited).status, 429)
  assert.equal(wordNginxDeny(limited).status, 403)
  assert.deepEqual(valuesIn(wordNginxDeny(limited), 'X-Auth-Status'), ['429'])
  assert.deepEqual(valuesIn(wordNativeDeny(deny('authz.invalid_session')), 'Retry-After'), [])
})

test('an allow is 200 without a body, and leaves the identity headers to the grant', () => {
  for (const reply of [ALLOW, ENVOY_ALLOW]) {
    assert.equal(reply.status, 200)
    assert.equal(reply.body.length, 0)
    assert.deepEqual(valuesIn(reply, 'Cache-Control'), ['no-store'])
    for (const name of IDENTITY_HEADERS) assert.deepEqual(valuesIn(reply, name), [])
  }
})

test('the public keys are passed on as they are', () => {
  const body = new TextEncoder().encode('{}')
  assert.equal(wordJwks({ body, maxAgeS: 60 }).body, body)
  assert.deepEqual(wordJwks({ body: '{}', maxAgeS: 60 }).body, body)
})

test('what no refusal may be is worded as our own fault, and stays a refusal', () => {
  for (const status of [200, 302, 500, 503, 599]) {
    const reply = wordNativeDeny(createDenial('authz.restrict.maintenance', status))
    assert.equal(reply.status, 403)
    assert.deepEqual(valuesIn(reply, 'X-Auth-Reason'), ['authz.unavailable'])
  }
})

test('Envoy is told which of the client’s headers to drop', () => {
  const names = valuesIn(ENVOY_ALLOW, 'x-envoy-auth-headers-to-remove')
  assert.match(String(names[0]), /remote-user, .*x-forwarded-user/)
})
