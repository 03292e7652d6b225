import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createPasswords,
  isPasswordAcceptable,
  isPasswordBounded,
  PASSWORD_BYTES_MAX,
  PASSWORD_COST,
  PasswordQueueFull,
} from '../../src/identity/password.ts'

const CHEAP = { ...PASSWORD_COST, memoryKib: 64, passes: 1 }
const passwords = createPasswords(CHEAP)

test('a digest is Argon2id with the cost that was set', async () => {
  assert.match(await passwords.digest('correct horse'), /^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
})

const EXACT = [
  { name: 'the same password', known: 'correct horse', given: 'correct horse', right: true },
  { name: 'another case', known: 'correct horse', given: 'Correct horse', right: false },
  { name: 'a trailing space', known: 'correct horse', given: 'correct horse ', right: false },
  {
    name: 'composed for decomposed',
    known: 'caf\u00e9 caf\u00e9',
    given: 'cafe\u0301 cafe\u0301',
    right: false,
  },
  { name: 'a NUL and more', known: 'before\0after', given: 'before\0other', right: false },
  { name: 'emoji', known: '🐎🔋📎✅🐎🔋📎✅', given: '🐎🔋📎✅🐎🔋📎✅', right: true },
  {
    name: 'a difference after 72 bytes',
    known: `${'a'.repeat(72)}b`,
    given: `${'a'.repeat(72)}c`,
    right: false,
  },
  { name: '1024 bytes', known: 'a'.repeat(1024), given: 'a'.repeat(1024), right: true },
]
for (const { name, known, given, right } of EXACT) {
  test(`verified exactly as received: ${name}`, async () => {
    assert.equal(await passwords.verify(await passwords.digest(known), given), right)
  })
}

test('nobody’s password is never right, not even the one it is measured with', async () => {
  assert.equal(await passwords.verify(undefined, 'nobody has this password'), false)
})
test('a digest of another kind proves nothing', async () => {
  assert.equal(await passwords.verify('$2a$10$abcdefghijklmnopqrstuu', 'x'), false)
  assert.equal(await passwords.verify('', 'x'), false)
})

test('an unknown account takes about as long as a known one', async () => {
  const dear = createPasswords({ ...PASSWORD_COST, memoryKib: 8192 })
  const digest = await dear.digest('correct horse')
  await dear.verify(undefined, 'warm')
  const medianMs = async (known: string | undefined) => {
    const times: number[] = []
    for (let round = 0; round < 15; round++) {
      const startedMs = performance.now()
      await dear.verify(known, 'wrong horse')
      times.push(performance.now() - startedMs)
    }
    return times.sort((a, b) => a - b)[7] as number
  }
  const [known, unknown] = [await medianMs(digest), await medianMs(undefined)]
  assert.ok(unknown > known / 3 && unknown < known * 3, `${unknown} against ${known}`)
})

test('beyond what runs and what waits, a caller is told to come back', async () => {
  const narrow = createPasswords({ ...CHEAP, concurrentMax: 1, waitingMax: 2 })
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => narrow.digest('x')))
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  const last = results[4]
  assert.ok(last?.status === 'rejected' && last.reason instanceof PasswordQueueFull)
  assert.match(await narrow.digest('x'), /^\$argon2id/)
})

test('eight characters are accepted, seven are not; code points count', () => {
  assert.equal(isPasswordAcceptable('12345678'), true)
  assert.equal(isPasswordAcceptable('1234567'), false)
  assert.equal(isPasswordAcceptable('🐎🐎🐎🐎'), false)
})
test('a password may have 1024 bytes and not 1025', () => {
  assert.equal(isPasswordBounded('a'.repeat(PASSWORD_BYTES_MAX)), true)
  assert.equal(isPasswordBounded('a'.repeat(PASSWORD_BYTES_MAX + 1)), false)
  assert.equal(isPasswordAcceptable('é'.repeat(PASSWORD_BYTES_MAX / 2 + 1)), false)
})
