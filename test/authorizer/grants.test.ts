import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry, createGrants } from '../../src/authorizer/grants.ts'
import { factsOf, NOW } from '../core/facts.ts'

function grants(isMemoized = true) {
  const minted: number[] = []
  const said: boolean[] = []
  const keys = { kid: 'k1' }
  const makeGrant = createGrants({
    mint: (_, audienceIndex) => {
      minted.push(audienceIndex)
      return `token${minted.length}`
    },
    kid: () => keys.kid,
    lifetimeMs: 60_000,
    isMemoized,
    onGrant: (isFresh) => said.push(isFresh),
  })
  return { makeGrant, minted, said, keys }
}

test('a grant names the principal and bears the token', () => {
  const grant = grants().makeGrant(createEntry(factsOf(), NOW), 0, NOW)
  assert.deepEqual(grant, {
    kind: 'allow',
    authorization: 'Bearer token1',
    user: 'ID0000000001',
    role: 'member',
  })
})

test('a token is handed out again until half its life is over, and not then', () => {
  const { makeGrant, minted, said } = grants()
  const entry = createEntry(factsOf(), NOW)
  const first = makeGrant(entry, 0, NOW)
  assert.equal(makeGrant(entry, 0, NOW + 29_999), first)
  assert.notEqual(makeGrant(entry, 0, NOW + 30_000), first)
  assert.equal(minted.length, 2)
  assert.deepEqual(said, [true, false, true])
})

test('near the end of a session the half is that of what is left', () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry(factsOf({ session: { endsAtMs: NOW + 10_000 } }), NOW)
  makeGrant(entry, 0, NOW)
  makeGrant(entry, 0, NOW + 4999)
  assert.equal(minted.length, 1)
  makeGrant(entry, 0, NOW + 5000)
  assert.equal(minted.length, 2)
})

test('each audience has its own token', () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry(factsOf(), NOW)
  makeGrant(entry, 0, NOW)
  makeGrant(entry, 3, NOW)
  makeGrant(entry, 0, NOW)
  assert.deepEqual(minted, [0, 3])
})

test('another signing key means another token', () => {
  const { makeGrant, keys } = grants()
  const entry = createEntry(factsOf(), NOW)
  const first = makeGrant(entry, 0, NOW)
  keys.kid = 'k2'
  assert.notEqual(makeGrant(entry, 0, NOW), first)
})

test('a clock set back makes no old token young', () => {
  const { makeGrant } = grants()
  const entry = createEntry(factsOf(), NOW)
  const first = makeGrant(entry, 0, NOW)
  assert.notEqual(makeGrant(entry, 0, NOW - 1), first)
})

test('without the memo every grant is signed anew', () => {
  const { makeGrant, minted } = grants(false)
  const entry = createEntry(factsOf(), NOW)
  makeGrant(entry, 0, NOW)
  makeGrant(entry, 0, NOW)
  assert.equal(minted.length, 2)
})
