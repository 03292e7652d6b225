import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isSecretId, mintCsrfToken, mintSecretId, mintUid } from '../../src/identity/secret-id.ts'

test('a secret id is 256 random bits in 43 characters', () => {
  const asked: number[] = []
  const id = mintSecretId((count) => {
    asked.push(count)
    return randomBytes(count)
  })
  assert.deepEqual(asked, [32])
  assert.equal(isSecretId(id), true)
  assert.equal(Buffer.from(id, 'base64url').length, 32)
})

test('ten thousand secret ids are all different', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => mintSecretId(randomBytes)))
  assert.equal(ids.size, 10_000)
})

const FOREIGN = ['', 'a'.repeat(42), 'a'.repeat(44), `${'a'.repeat(42)}=`, `${'a'.repeat(42)}\n`]
for (const text of FOREIGN) {
  test(`${JSON.stringify(text)} could not be one of ours`, () => {
    assert.equal(isSecretId(text), false)
  })
}

test('a CSRF token is twenty hexadecimal digits', () => {
  assert.match(mintCsrfToken(randomBytes), /^[0-9a-f]{20}$/)
})

test('a uid is ID and ten upper-case hexadecimal digits', () => {
  assert.match(mintUid(randomBytes), /^ID[0-9A-F]{10}$/)
})
