import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry, createGrants, GRANTS_MAX } from '../../src/authorizer/grants.ts'
import { factsOf, NOW } from '../core/facts.ts'

const APP = ['app']
const TRADE = ['trade']

function grants(isMemoized = true) {
  const minted: string[] = []
  const said: boolean[] = []
  const keys = { kid: 'k1' }
  const makeGrant = createGrants({
    mint: (_, audience) => {
      minted.push(audience.join())
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
  const grant = grants().makeGrant(createEntry(factsOf(), NOW), APP, NOW)
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
  const first = makeGrant(entry, APP, NOW)
  assert.equal(makeGrant(entry, APP, NOW + 29_999), first)
  assert.notEqual(makeGrant(entry, APP, NOW + 30_000), first)
  assert.equal(minted.length, 2)
  assert.deepEqual(said, [true, false, true])
})

test('near the end of a session the half is that of what is left', () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry(factsOf({ session: { endsAtMs: NOW + 10_000 } }), NOW)
  makeGrant(entry, APP, NOW)
  makeGrant(entry, APP, NOW + 4999)
  assert.equal(minted.length, 1)
  makeGrant(entry, APP, NOW + 5000)
  assert.equal(minted.length, 2)
})

test('each audience has its own token', () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry(factsOf(), NOW)
  makeGrant(entry, APP, NOW)
  makeGrant(entry, TRADE, NOW)
  makeGrant(entry, APP, NOW)
  assert.deepEqual(minted, ['app', 'trade'])
})

test('the same names in a policy read anew mean another token', () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry(factsOf(), NOW)
  makeGrant(entry, APP, NOW)
  makeGrant(entry, [...APP], NOW)
  assert.equal(minted.length, 2)
})

test('audiences beyond the bound are minted again', () => {
  const { makeGrant, minted } = grants()
  const entry = createEntry(factsOf(), NOW)
  const audiences = Array.from({ length: GRANTS_MAX + 1 }, (_, at) => [`a${at}`])
  for (const audience of audiences) makeGrant(entry, audience, NOW)
  assert.equal(entry.grants.length, GRANTS_MAX)
  makeGrant(entry, audiences[0] as string[], NOW)
  assert.equal(minted.length, GRANTS_MAX + 2)
})

test('another signing key means another token', () => {
  const { makeGrant, keys } = grants()
  const entry = createEntry(factsOf(), NOW)
  const first = makeGrant(entry, APP, NOW)
  keys.kid = 'k2'
  assert.notEqual(makeGrant(entry, APP, NOW), first)
})

test('a clock set back makes no old token young', () => {
  const { makeGrant } = grants()
  const entry = createEntry(factsOf(), NOW)
  const first = makeGrant(entry, APP, NOW)
  assert.notEqual(makeGrant(entry, APP, NOW - 1), first)
})

test('without the memo every grant is signed anew', () => {
  const { makeGrant, minted } = grants(false)
  const entry = createEntry(factsOf(), NOW)
  makeGrant(entry, APP, NOW)
  makeGrant(entry, APP, NOW)
  assert.equal(minted.length, 2)
})
