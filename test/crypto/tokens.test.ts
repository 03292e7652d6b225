import assert from 'node:assert/strict'
import { createPublicKey, sign } from 'node:crypto'
import test from 'node:test'
import { compactVerify } from 'jose'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createP256Signers } from '../../src/crypto/p256.ts'
import { type Claims, wholeClaims } from '../../src/crypto/stamp.ts'
import { createTokens, type Tokens } from '../../src/crypto/tokens.ts'
import type { WasmInstance } from '../../src/crypto/wasm.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { bytesOf, isValidByNode, keyPairOf } from './p256-fixture.ts'
import { createDice, privateKeyOf } from './wasm-fixture.ts'

const BATCH = 16
const instance = createWasmInstance()
const SEED = Buffer.alloc(32, 4)
const SECRET = privateKeyOf(SEED)
const PAIR = keyPairOf(bytesOf(2n ** 200n + 7n))
const textOf = (alg: string) =>
  `${Buffer.from(`{"alg":"${alg}","kid":"k1","typ":"JWT"}`).toString('base64url')}.`

interface Curve {
  readonly alg: 'EdDSA' | 'ES256'
  prepare(within: WasmInstance, text?: string): Tokens
  /** Fails unless it is the token of these claims. */
  check(token: string | undefined, json: string): void
}

/** What is signed, as it would be put together outside. */
const inputOf = (alg: string, json: string) => textOf(alg) + Buffer.from(json).toString('base64url')

const CURVES: readonly Curve[] = [
  {
    alg: 'EdDSA',
    prepare: (within, text = textOf('EdDSA')) =>
      createEd25519Signers(within).prepare(SEED).prepareTokens(text),
    check(token, json) {
      const input = inputOf('EdDSA', json)
      const signature = sign(null, Buffer.from(input), SECRET).toString('base64url')
      assert.equal(token, `${input}.${signature}`)
    },
  },
  {
    alg: 'ES256',
    prepare: (within, text = textOf('ES256')) =>
      createP256Signers(within).prepare(PAIR.secret).prepareTokens(text),
    check(token = '', json) {
      const input = inputOf('ES256', json)
      const end = token.lastIndexOf('.')
      assert.equal(token.slice(0, end), input)
      const signature = token.slice(end + 1)
      assert.match(signature, /^[A-Za-z0-9_-]{86}$/)
      assert.ok(isValidByNode(PAIR, Buffer.from(input), Buffer.from(signature, 'base64url')))
    },
  },
]

const toText = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1')

/** Fails unless each way to a token gives that of its claims. */
function checkAll({ check }: Curve, tokens: Tokens, claims: readonly Claims[]): void {
  const [texts, bearers] = [tokens.signMany(claims), tokens.signBearers(claims)]
  assert.equal(texts.length, claims.length)
  for (const [at, each] of claims.entries()) {
    const json = each.shared + each.own
    check(texts[at], json)
    const bearer = toText(bearers[at])
    assert.equal(bearer.slice(0, 7), 'Bearer ')
    check(bearer.slice(7), json)
  }
  const [first] = claims as [Claims]
  check(tokens.sign(first), first.shared + first.own)
  check(toText(tokens.signBearer(first)).slice(7), first.shared + first.own)
}

for (const curve of CURVES) {
  const { alg, check, prepare } = curve
  const tokens = prepare(instance)

  test(`${alg} tokens are those put together outside, wherever claims are cut`, () => {
    const dice = createDice(0x7519)
    const whole = `{"iss":"dvara","aud":"upstream","sub":"${'x'.repeat(60)}"`
    for (let cut = 0; cut < 40; cut++) {
      const count = 1 + (cut % BATCH)
      const claims = Array.from({ length: count }, () => {
        const filler = dice.bytes(dice.below(120)).toString('hex')
        return { shared: whole.slice(0, cut), own: `${whole.slice(cut)},"jti":"${filler}"}` }
      })
      checkAll(curve, tokens, claims)
    }
  })

  test(`${alg} tokens of one batch may begin differently, more ways than are kept`, () => {
    for (let turn = 0; turn < 4; turn++) {
      const claims = Array.from({ length: BATCH }, (_, at) => ({
        shared: `{"aud":["${'upstream'.slice(0, (at * turn) % 9)}"],"at":${at},`,
        own: `"turn":${turn}}`,
      }))
      checkAll(curve, tokens, claims)
      checkAll(curve, tokens, [...claims].reverse())
    }
  })

  test(`${alg} claims of every length up to the longest, in ASCII and beyond it`, async () => {
    const claimsMax = instance.entry('jwtClaimsBytesMax')()
    const lengths = [...Array(40).keys(), ...[61, 62, 63, 1000, 1001, 1002]]
    lengths.push(claimsMax - 2, claimsMax - 1, claimsMax)
    const publicKey = alg === 'ES256' ? PAIR.publicKey : createPublicKey(SECRET)
    for (const length of lengths) {
      const ascii = 'y'.repeat(length)
      const letters = [...'Ωé語🔑'.repeat(length)]
      const wide = letters.slice(0, length / 4).join('')
      checkAll(curve, tokens, [ascii, wide, `${wide}z`, ascii].map(wholeClaims))
      const { payload, protectedHeader } = await compactVerify(
        tokens.sign(wholeClaims(wide)),
        publicKey,
      )
      assert.equal(Buffer.from(payload).toString(), wide)
      assert.equal(protectedHeader.alg, alg)
    }
  })

  test(`${alg}: the longest beginning and claims fit, and one byte more is a RangeError`, () => {
    const claimsMax = instance.entry('jwtClaimsBytesMax')()
    const textMax = instance.entry('jwtTextBytesMax')()
    const shared = '{'.padEnd(Math.floor(((textMax - textOf(alg).length) * 3) / 4), 'x')
    const own = 'y'.repeat(claimsMax)
    checkAll(curve, tokens, Array(BATCH).fill({ shared, own }))
    const tooLong = { name: 'RangeError', message: /^Claims longer than 2560 bytes/ }
    assert.throws(() => tokens.sign({ shared, own: `${own}y` }), tooLong)
    assert.throws(() => tokens.signMany(Array(4).fill(wholeClaims(`${own}y`))), tooLong)
    // Three bytes each: as many characters as fit, and yet too long.
    assert.throws(() => tokens.sign(wholeClaims('語'.repeat(claimsMax - 1))), tooLong)
    const beginning = { name: 'RangeError', message: /^A token's beginning longer than/ }
    assert.throws(() => tokens.sign({ shared: `${shared}xx`, own: '' }), beginning)
    assert.throws(() => tokens.signMany(Array(17).fill(wholeClaims('}'))), RangeError)
    // What was refused has spoilt nothing.
    checkAll(curve, tokens, [wholeClaims('{"a":1}')])
  })

  test(`${alg}: bytes of a token are their own memory, and the next leaves them be`, () => {
    const first = tokens.signBearer(wholeClaims('{"a":1}'))
    assert.equal(first.buffer.byteLength, first.length)
    tokens.signBearer(wholeClaims('{"b":2}'))
    check(toText(first).slice(7), '{"a":1}')
  })

  test(`${alg}: a token that failed in its batch is signed alone, the others stay`, () => {
    const many = `jwt${alg === 'EdDSA' ? 'Ed' : 'P256'}SignMany`
    const failing = withEntry(many, (right) => (...numbers) => {
      const good = right(...numbers)
      for (const at of [1, 2]) instance.bytes.writeUInt32LE(0, instance.parametersAt + 4 * at)
      return good & ~0b0110
    })
    const claims = [1, 2, 3, 4, 5].map((at) => ({ shared: '{"iss":"d",', own: `"at":${at}}` }))
    const spoilt = prepare(failing)
    checkAll(curve, spoilt, claims)
    spoilt.forget()
  })

  test(`${alg}: a token whose signature fails its check never leaves`, () => {
    const faulty = withEntry(/^jwt(Ed|P256)Sign/, () => (_key, count) => {
      for (let at = 0; at < (count ?? 0); at++) {
        instance.bytes.writeUInt32LE(0, instance.parametersAt + 4 * at)
      }
      return 0
    })
    const spoilt = prepare(faulty)
    assert.throws(() => spoilt.sign(wholeClaims('{}')), /withheld/)
    assert.throws(() => spoilt.signBearer(wholeClaims('{}')), /withheld/)
    for (const count of [1, 2, 5]) {
      const claims = Array(count).fill(wholeClaims('{}')) as Claims[]
      assert.deepEqual(spoilt.signBearers(claims), Array(count).fill(undefined))
    }
    spoilt.forget()
  })
}

type Entry = (...numbers: number[]) => number

/** The same memory, but for the exports of that name. */
function withEntry(
  replaced: string | RegExp,
  replace: (right: Entry) => Entry,
): WasmInstance & { readonly bytes: Buffer } {
  return {
    ...instance,
    entry(name) {
      const right = instance.entry(name)
      const isReplaced = typeof replaced === 'string' ? name === replaced : replaced.test(name)
      return isReplaced ? replace(right) : right
    },
  }
}

test('keys that sign tokens are as many as there is room for, one forgotten gives room', () => {
  const own = createWasmInstance()
  const tokens = createTokens(own)
  const keysMax = own.entry('jwtKeysMax')()
  const signing = { one: () => 0, many() {}, manyMin: 4 }
  const all = Array.from({ length: keysMax }, () => tokens.prepare('head.', signing))
  assert.throws(() => tokens.prepare('head.', signing), RangeError)
  all[0]?.forget()
  assert.throws(() => tokens.prepare('x'.repeat(1537), signing), RangeError)
  tokens.prepare('head.', signing)
})

test('nothing of a forgotten key’s tokens stays where beginnings are kept', () => {
  const own = createWasmInstance()
  const tokens = createEd25519Signers(own).prepare(SEED).prepareTokens(textOf('EdDSA'))
  const encoded = Buffer.from('{"iss":"somebody').toString('base64url').slice(0, 20)
  tokens.sign({ shared: '{"iss":"somebody"', own: '}' })
  const headsFrom = own.parametersAt + 16_384
  assert.notEqual(own.bytes.indexOf(encoded, headsFrom), -1)
  tokens.forget()
  assert.equal(own.bytes.indexOf(encoded, headsFrom), -1)
})
