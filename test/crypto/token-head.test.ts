import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import test from 'node:test'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createTokenHeads } from '../../src/crypto/token-head.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { createDice, privateKeyOf } from './wasm-fixture.ts'

const instance = createWasmInstance()
const signers = createEd25519Signers(instance)
const SEED = Buffer.alloc(32, 4)
const SECRET = privateKeyOf(SEED)
const signer = signers.prepare(SEED)
const TEXT = `${Buffer.from('{"alg":"EdDSA","kid":"k1","typ":"JWT"}').toString('base64url')}.`

/** The token as it would be put together outside. */
function tokenOf(claims: string): string {
  const input = TEXT + Buffer.from(claims).toString('base64url')
  return `${input}.${sign(null, Buffer.from(input), SECRET).toString('base64url')}`
}

test('tokens are those put together with node:crypto, whatever claims begin with', () => {
  const dice = createDice(0x7519)
  for (let prefix = 0; prefix < 40; prefix++) {
    const whole = `{"iss":"dvara","aud":"upstream","sub":"${'x'.repeat(60)}"`
    const head = signer.prepareHead({ text: TEXT, claims: whole.slice(0, prefix) })
    for (let count = 1; count <= 16; count++) {
      const rests = Array.from({ length: count }, () => {
        const filler = dice.bytes(dice.below(120)).toString('hex')
        return `${whole.slice(prefix)},"jti":"${filler}"}`
      })
      const expected = rests.map((rest) => tokenOf(whole.slice(0, prefix) + rest))
      assert.deepEqual(head.signMany(rests), expected)
      assert.deepEqual(
        head.signBearers(rests).map((bytes) => Buffer.from(bytes ?? '').toString()),
        expected.map((token) => `Bearer ${token}`),
      )
      assert.equal(head.sign(rests[0] as string), expected[0])
      assert.equal(
        Buffer.from(head.signBearer(rests[0] as string)).toString(),
        `Bearer ${expected[0]}`,
      )
    }
    head.forget()
  }
})

test('claims beyond ASCII are UTF-8', () => {
  const head = signer.prepareHead({ text: TEXT, claims: '{"name":"Ζωή",' })
  const rest = '"nick":"naïve 🔑"}'
  assert.equal(head.sign(rest), tokenOf(`{"name":"Ζωή",${rest}`))
  head.forget()
})

test('the longest beginning and claims fit, and one byte more is a RangeError', () => {
  const claimsMax = instance.entry('jwtClaimsBytesMax')()
  const textMax = instance.entry('jwtTextBytesMax')()
  const beginning = '{'.padEnd(Math.floor(((textMax - TEXT.length) * 3) / 4), 'x')
  const head = signer.prepareHead({ text: TEXT, claims: beginning })
  const rest = 'y'.repeat(claimsMax)
  assert.equal(head.sign(rest), tokenOf(beginning + rest))
  const many = Array.from({ length: 16 }, () => rest)
  assert.deepEqual(head.signMany(many), Array(16).fill(tokenOf(beginning + rest)))
  assert.throws(() => head.sign(`${rest}y`), RangeError)
  assert.throws(() => signer.prepareHead({ text: TEXT, claims: `${beginning}xx` }), RangeError)
  assert.throws(() => head.signMany(Array(17).fill('}')), RangeError)
  head.forget()
})

test('bytes of a token are their own memory, and the next token leaves them be', () => {
  const head = signer.prepareHead({ text: TEXT, claims: '' })
  const first = head.signBearer('{"a":1}')
  assert.equal(first.buffer.byteLength, first.length)
  head.signBearer('{"b":2}')
  assert.equal(Buffer.from(first).toString(), `Bearer ${tokenOf('{"a":1}')}`)
  head.forget()
})

test('beginnings are as many as slots, and a forgotten one is given again', () => {
  const own = createWasmInstance()
  const heads = createTokenHeads(own)
  const slotsMax = own.entry('jwtHeadsMax')()
  const all = Array.from({ length: slotsMax }, () => heads.prepare(0, { text: TEXT, claims: '' }))
  assert.throws(() => heads.prepare(0, { text: TEXT, claims: '' }), RangeError)
  all[0]?.forget()
  heads.prepare(0, { text: TEXT, claims: '' })
})
