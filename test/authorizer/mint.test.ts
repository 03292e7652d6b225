import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildClaims, type SessionClaims } from '../../src/authorizer/claims.ts'
import { createMint } from '../../src/authorizer/mint.ts'
import type { Claims } from '../../src/crypto/stamp.ts'
import { factsOf, NOW } from '../core/facts.ts'

const BEARER = Buffer.from('Bearer head.body.signature')

/** A mint whose signer keeps what it was given. */
function createRecordingMint(isForEach = false) {
  const signed: Claims[] = []
  const signSoon = async (claims: Claims) => {
    signed.push(claims)
    return BEARER
  }
  const issuer = 'dvara'
  const mint = createMint({ signer: { signSoon }, issuer, lifetimeMs: 60_000, isForEach })
  const read = () => signed.map(({ shared, own }) => JSON.parse(shared + own))
  return { mint, signed, read }
}

test('a token says of whom and for whom it is, with an id of its own each time', async () => {
  const { mint, read } = createRecordingMint()
  assert.equal(await mint(factsOf(), ['app'], NOW), BEARER)
  await mint(factsOf(), ['app'], NOW)
  const [first, second] = read() as [SessionClaims, SessionClaims]
  assert.equal(first.uid, 'ID0000000001')
  assert.deepEqual(first.aud, ['app'])
  assert.equal(first.exp, NOW / 1000 + 60)
  assert.notEqual(first.jti, second.jti)
})

for (const isForEach of [false, true]) {
  const when = isForEach ? 'for each answer' : 'now and then'
  test(`minted ${when}, the claims are those of buildClaims, in their order`, async () => {
    const { mint, signed } = createRecordingMint(isForEach)
    const bearer = factsOf({ principal: { email: 'ü"\\\n@app.example' } })
    await mint(bearer, ['app', 'other'], NOW)
    await mint(bearer, ['app', 'other'], NOW)
    const ids = signed.map(({ shared, own }) => {
      const { jti } = JSON.parse(shared + own) as SessionClaims
      const at = { issuer: 'dvara', nowMs: NOW, ttlMs: 60_000, jti }
      const expected = buildClaims({ ...bearer, audience: ['app', 'other'], ...at })
      assert.equal(shared + own, JSON.stringify(expected))
      assert.match(jti, /^[0-9a-f]{20}$/)
      return jti
    })
    assert.equal(new Set(ids).size, 2)
  })
}

test('tokens of one audience and second share a beginning, others have their own', async () => {
  const { mint, signed, read } = createRecordingMint()
  const [app, other] = [['app'], ['other']]
  const bearer = factsOf()
  const ending = { ...bearer, session: { ...bearer.session, endsAtMs: NOW + 5000 } }
  await mint(bearer, app, NOW)
  await mint(bearer, app, NOW + 999)
  await mint(bearer, other, NOW)
  await mint(ending, app, NOW)
  await mint(ending, app, NOW + 1000)
  await mint(bearer, app, NOW + 1000)
  assert.equal(signed[0]?.shared, signed[1]?.shared)
  assert.match(signed[0]?.shared ?? '', /"aud":\["app"\],$/)
  const seen = (read() as SessionClaims[]).map(({ aud, iat, exp }) => [
    ...aud,
    iat - NOW / 1000,
    exp - NOW / 1000,
  ])
  assert.deepEqual(seen, [
    ['app', 0, 60],
    ['app', 0, 60],
    ['other', 0, 60],
    ['app', 0, 5],
    ['app', 1, 5],
    ['app', 1, 61],
  ])
})
