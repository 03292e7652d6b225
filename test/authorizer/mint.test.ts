import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMint } from '../../src/authorizer/mint.ts'
import { factsOf, NOW } from '../core/facts.ts'

const BEARER = Buffer.from('Bearer head.body.signature')

test('a token says of whom and for whom it is, with an id of its own each time', async () => {
  const signed: Record<string, unknown>[] = []
  const mint = createMint({
    signer: {
      signSoon: async (claims) => {
        signed.push(JSON.parse(claims) as Record<string, unknown>)
        return BEARER
      },
    },
    issuer: 'dvara',
    lifetimeMs: 60_000,
  })
  assert.equal(await mint(factsOf(), ['app'], NOW), BEARER)
  await mint(factsOf(), ['app'], NOW)
  const [first, second] = signed as [Record<string, unknown>, Record<string, unknown>]
  assert.equal(first.uid, 'ID0000000001')
  assert.deepEqual(first.aud, ['app'])
  assert.equal(first.exp, NOW / 1000 + 60)
  assert.notEqual(first.jti, second.jti)
})
