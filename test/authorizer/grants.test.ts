import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry, createGrants, GRANTS_MAX } from '../../src/authorizer/grants.ts'
import { wordIdentity } from '../../src/core/identity-lines.ts'
import { factsOf, NOW } from '../core/facts.ts'

const APP = ['app']
const TRADE = ['trade']

function grants(isMemoized = true) {
  const minted: string[] = []
  const said: boolean[] = []
  const keys = { kid: 'k1', isSlow: false }
  const makeGrant = createGrants({
    mint: async (_, audience) => {
      minted.push(audience.join())
      return Buffer.from(`Bearer token${minted.length}`)
    },
    kid: () => keys.kid,
    isSlow: () => keys.isSlow,
    lifetimeMs: 60_000,
    isMemoized,
    onGrant: (isFresh) => said.push(isFresh),
  })
  return { makeGrant, minted, said, keys }
}

test('a grant names the principal and bears the token', async () => {
  const grant = await grants().makeGrant(createEntry('id', factsOf(), NOW), APP, NOW)
  assert.equal(grant.kind, 'allow')
  assert.equal(grant.lines, wordIdentity('Bearer token1', 'ID0000000001', 'member'))
})

test('a token is handed out again until half its life is over, and not then', async () => {
  const { makeGrant, minted, said } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  const first = await makeGrant(entry, APP, NOW)
  assert.equal(await makeGrant(entry, APP, NOW + 29_999), first)
  assert.notEqual(await makeGrant(entry, APP, NOW + 30_000), first)
  assert.equal(minted.length, 2)
  assert.deepEqual(said, [true, false, true])
})

test('near the end of a session the half is that of what is left', async () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry('id', factsOf({ session: { endsAtMs: NOW + 10_000 } }), NOW)
  await makeGrant(entry, APP, NOW)
  await makeGrant(entry, APP, NOW + 4999)
  assert.equal(minted.length, 1)
  await makeGrant(entry, APP, NOW + 5000)
  assert.equal(minted.length, 2)
})

test('each audience has its own token', async () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  await makeGrant(entry, APP, NOW)
  await makeGrant(entry, TRADE, NOW)
  await makeGrant(entry, APP, NOW)
  assert.deepEqual(minted, ['app', 'trade'])
})

test('the same names in a policy read anew mean another token', async () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  await makeGrant(entry, APP, NOW)
  await makeGrant(entry, [...APP], NOW)
  assert.equal(minted.length, 2)
})

test('audiences beyond the bound are minted again', async () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  const audiences = Array.from({ length: GRANTS_MAX + 1 }, (_, at) => [`a${at}`])
  for (const audience of audiences) await makeGrant(entry, audience, NOW)
  assert.equal(entry.others.length, GRANTS_MAX - 1)
  await makeGrant(entry, audiences[0] as string[], NOW)
  assert.equal(minted.length, GRANTS_MAX + 2)
})

test('grants that nobody would be given again are not kept', async () => {
  const { makeGrant, keys } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  for (const audience of [APP, TRADE, [...APP]]) await makeGrant(entry, audience, NOW)
  assert.equal(entry.others.length, 2)
  keys.kid = 'k2'
  await makeGrant(entry, APP, NOW)
  assert.equal(entry.others.length, 0)
  await makeGrant(entry, TRADE, NOW + 30_000)
  assert.equal(entry.others.length, 0)
})

test('another signing key means another token', async () => {
  const { makeGrant, keys } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  const first = await makeGrant(entry, APP, NOW)
  keys.kid = 'k2'
  assert.notEqual(await makeGrant(entry, APP, NOW), first)
})

test('a clock set back makes no old token young', async () => {
  const { makeGrant } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  const first = await makeGrant(entry, APP, NOW)
  assert.notEqual(await makeGrant(entry, APP, NOW - 1), first)
})

test('without the memo every grant is signed anew', async () => {
  const { makeGrant, minted } = grants(false)
  const entry = createEntry('id', factsOf(), NOW)
  await makeGrant(entry, APP, NOW)
  await makeGrant(entry, APP, NOW)
  assert.equal(minted.length, 2)
})

test('who asks while a token is signed waits for that one', async () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  const both = await Promise.all([makeGrant(entry, APP, NOW), makeGrant(entry, APP, NOW)])
  assert.equal(both[0], both[1])
  assert.equal(minted.length, 1)
  assert.equal(entry.coming.length, 0)
})

test('a slow key signs the next token before the one at hand is used up', async () => {
  const { makeGrant, minted, keys } = grants()
  keys.isSlow = true
  const entry = createEntry('id', factsOf(), NOW)
  const first = await makeGrant(entry, APP, NOW)
  assert.equal(makeGrant(entry, APP, NOW + 22_499), first)
  assert.equal(minted.length, 1)
  assert.equal(makeGrant(entry, APP, NOW + 22_500), first)
  assert.equal(makeGrant(entry, APP, NOW + 22_501), first)
  assert.equal(minted.length, 2)
  await Promise.all(entry.coming.map(({ grant }) => grant))
  const next = makeGrant(entry, APP, NOW + 40_000)
  assert.ok(!(next instanceof Promise))
  assert.notEqual(next, first)
})

test('a token that cannot be signed is refused to all who wait, and tried again', async () => {
  let attempts = 0
  const makeGrant = createGrants({
    mint: async () => {
      attempts++
      throw new Error('no')
    },
    kid: () => 'k',
    isSlow: () => false,
    lifetimeMs: 60_000,
    isMemoized: true,
    onGrant: () => {},
  })
  const entry = createEntry('id', factsOf(), NOW)
  const both = [makeGrant(entry, APP, NOW), makeGrant(entry, APP, NOW)]
  for (const grant of both) await assert.rejects(async () => grant)
  await assert.rejects(async () => makeGrant(entry, APP, NOW))
  assert.equal(attempts, 2)
  assert.equal(entry.coming.length, 0)
})

test('a token that is being signed is for its audience and by its key alone', async () => {
  const { makeGrant, minted, keys } = grants()
  const entry = createEntry('id', factsOf(), NOW)
  const asked = [makeGrant(entry, APP, NOW), makeGrant(entry, TRADE, NOW)]
  keys.kid = 'k2'
  asked.push(makeGrant(entry, APP, NOW))
  const made = await Promise.all(asked)
  assert.equal(new Set(made).size, 3)
  assert.deepEqual(minted, ['app', 'trade', 'app'])
})
