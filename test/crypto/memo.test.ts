import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { AUDIENCES_MAX, createMint, lifetimeOf } from '../../src/crypto/memo.ts'

const NOW_MS = 1_760_000_000_000
const AUDIENCE = ['peatio']

interface Owner {
  version: number
  endsAtMs: number
}

/** A mint whose bearers are numbered, so that a reused one is told from a new one. */
function createNumbered(isReused = true, ttlMs = 60_000) {
  let signed = 0
  let kid = 'one'
  const mint = createMint<Owner>({
    signer: { kid: () => kid, sign: (claims) => `${++signed} ${String(claims)}` },
    ttlMs,
    isReused,
    versionOf: (owner) => owner.version,
    endsAtMs: (owner) => owner.endsAtMs,
    claimsOf: ({ audience }) => audience.join(),
  })
  return { mint, useKid: (next: string) => (kid = next) }
}

const createOwner = (): Owner => ({ version: 1, endsAtMs: NOW_MS + 3_600_000 })

const CASES: readonly {
  name: string
  afterMs?: number
  change?: (owner: Owner, useKid: (kid: string) => void) => void
  endsAfterMs?: number
  isReused: boolean
}[] = [
  { name: 'a token is reused at once', isReused: true },
  { name: 'a token is reused just before half its life', afterMs: 29_999, isReused: true },
  { name: 'a token is not reused at half its life', afterMs: 30_000, isReused: false },
  { name: 'a token is not reused after its life', afterMs: 60_000, isReused: false },
  { name: 'a token is not reused when the clock went back', afterMs: -1, isReused: false },
  {
    name: 'a token is not reused once its key no longer signs',
    change: (_, use) => use('two'),
    isReused: false,
  },
  {
    name: 'a token is not reused once its principal changed',
    change: (o) => {
      o.version++
    },
    isReused: false,
  },
  {
    name: 'half of a life cut short by the session is not reached',
    endsAfterMs: 20_000,
    afterMs: 9_999,
    isReused: true,
  },
  {
    name: 'half of a life cut short by the session counts',
    endsAfterMs: 20_000,
    afterMs: 10_000,
    isReused: false,
  },
  { name: "in its session's last second a token is not reused", endsAfterMs: 999, isReused: false },
]
for (const { name, afterMs = 0, change, endsAfterMs = 3_600_000, isReused } of CASES) {
  test(name, () => {
    const { mint, useKid } = createNumbered()
    const owner = { version: 1, endsAtMs: NOW_MS + endsAfterMs }
    const first = mint({ owner, audience: AUDIENCE, nowMs: NOW_MS })
    change?.(owner, useKid)
    const second = mint({ owner, audience: AUDIENCE, nowMs: NOW_MS + afterMs })
    assert.equal(second === first, isReused)
  })
}

test('another owner or another audience gets a token of its own', () => {
  const { mint } = createNumbered()
  const [owner, other] = [createOwner(), createOwner()]
  const first = mint({ owner, audience: AUDIENCE, nowMs: NOW_MS })
  assert.notEqual(mint({ owner: other, audience: AUDIENCE, nowMs: NOW_MS }), first)
  assert.equal(mint({ owner, audience: ['barong'], nowMs: NOW_MS }), '3 barong')
  assert.notEqual(mint({ owner, audience: [...AUDIENCE], nowMs: NOW_MS }), first)
  assert.equal(mint({ owner, audience: AUDIENCE, nowMs: NOW_MS }), first)
})

test('reuse can be switched off', () => {
  const { mint } = createNumbered(false)
  const request = { owner: createOwner(), audience: AUDIENCE, nowMs: NOW_MS }
  assert.notEqual(mint(request), mint(request))
})

test('an owner with more audiences than are remembered still gets the right ones', () => {
  const { mint } = createNumbered()
  const owner = createOwner()
  const audiences = Array.from({ length: AUDIENCES_MAX + 1 }, (_, at) => [`a${at}`])
  const bearers = audiences.map((audience) => mint({ owner, audience, nowMs: NOW_MS }))
  const again = audiences.toReversed().map((audience) => mint({ owner, audience, nowMs: NOW_MS }))
  assert.deepEqual(again.slice(0, AUDIENCES_MAX), bearers.toReversed().slice(0, AUDIENCES_MAX))
  assert.equal(again.at(-1), `${AUDIENCES_MAX + 2} a0`)
})

test('a token is never reused past half its life, whatever the moments', () => {
  const moments = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 200_000 }), (offsets, endsAfterMs) => {
      const { mint } = createNumbered()
      const owner = { version: 1, endsAtMs: NOW_MS + endsAfterMs }
      const mintedAt = new Map<string, number>()
      for (const offset of offsets.sort((a, b) => a - b)) {
        const nowMs = NOW_MS + offset
        const bearer = mint({ owner, audience: AUDIENCE, nowMs })
        const bornMs = mintedAt.get(bearer) ?? nowMs
        mintedAt.set(bearer, bornMs)
        const endMs = Math.min(bornMs + 60_000, owner.endsAtMs)
        assert.ok(nowMs === bornMs || nowMs < bornMs + (endMs - bornMs) / 2)
      }
    }),
  )
})

test('a lifetime is in whole seconds and ends neither after the owner nor after its length', () => {
  const far = Number.MAX_SAFE_INTEGER
  const at = { nowMs: 1_999, ttlMs: 60_000, endsAtMs: far }
  assert.deepEqual(lifetimeOf(at), { issuedAtS: 1, expiresAtS: 61 })
  assert.deepEqual(lifetimeOf({ ...at, endsAtMs: 5_999 }), { issuedAtS: 1, expiresAtS: 5 })
  assert.deepEqual(lifetimeOf({ ...at, endsAtMs: 2_000 }), { issuedAtS: 1, expiresAtS: 2 })
})
