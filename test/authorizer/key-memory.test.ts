import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyEntry, createKeyMemory, namesOfKey } from '../../src/authorizer/key-memory.ts'
import { KID, keyFactsOf, VERIFIERS } from './keys.ts'

test('a key is known by its id and by its holder', () => {
  assert.deepEqual(namesOfKey(keyFactsOf()), [`key:${KID}`, 'user:ID0000000001'])
})

test('a token of a key ends with the key, and has no session', () => {
  const endless = createKeyEntry(keyFactsOf(), VERIFIERS)
  assert.deepEqual(endless.session, { hash: undefined, endsAtMs: Number.POSITIVE_INFINITY })
  const ending = createKeyEntry(keyFactsOf({ key: { expiresAtMs: 5 } }), VERIFIERS)
  assert.equal(ending.session.endsAtMs, 5)
})

test('however a key leaves the table, its verifier’s room is given back once', () => {
  const clock = { ms: 1 }
  const { known } = createKeyMemory({ keysMax: 2, monotonicMs: () => clock.ms })
  let forgottenCount = 0
  const verifier = { verify: () => true, forget: () => void forgottenCount++ }
  const remember = (kid: string) => {
    const entry = { ...createKeyEntry(keyFactsOf({ key: { kid } }), VERIFIERS), verifier }
    known.remember(entry)
    return entry
  }
  const [one] = [remember('a'), remember('b')]
  remember('c')
  assert.deepEqual([one?.isForgotten, forgottenCount], [true, 1])
  remember('c')
  assert.equal(forgottenCount, 2)
  known.forgetTagged('key:c')
  assert.equal(forgottenCount, 3)
  clock.ms += 10 * 60_000 + 1
  assert.equal(known.recall('b'), undefined)
  assert.equal(forgottenCount, 4)
})

test('what is no key is known for a second, and for no more than twenty thousand guesses', () => {
  const clock = { ms: 1 }
  const { unknown } = createKeyMemory({ keysMax: 2, monotonicMs: () => clock.ms })
  // More than are remembered, and some: of two with one number the later has taken the place.
  for (let n = 0; n < 20_100; n++) unknown.remember({ id: `k${n}`, bornAtMs: 0 })
  assert.equal(unknown.entries(), 20_000)
  assert.equal(unknown.recall('k0'), undefined)
  assert.equal(unknown.recall('k20099')?.id, 'k20099')
  clock.ms += 1001
  assert.equal(unknown.recall('k20099'), undefined)
})
