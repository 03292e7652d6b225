import { sign } from 'node:crypto'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createP256Signers } from '../../src/crypto/p256.ts'
import type { Claims } from '../../src/crypto/stamp.ts'
import type { Tokens } from '../../src/crypto/tokens.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { isValidByNode, keyPairOf } from '../crypto/p256-fixture.ts'
import type { Dice } from './dice.ts'
import { privateKeyOf } from './node-keys.ts'
import { drawSecret } from './p256.ts'
import { target } from './target.ts'

type TokenCase = { seed: Buffer; kid: string; beginning: string; claims: string[] }

const LETTERS = ['a', 'Z', '0', '"', '\\', '/', '\n', '\u0000', 'é', 'Ω', '語', '🔑', ' ', '-']

function drawText(dice: Dice, lengthMax: number): string {
  const length = dice.below(lengthMax + 1)
  if (!dice.once(3))
    return dice
      .bytes(length)
      .toString('latin1')
      .replace(/[^ -~]/g, '.')
  return Array.from({ length }, () => dice.pick(LETTERS)).join('')
}

function drawTokens(dice: Dice): TokenCase {
  const whole = JSON.stringify({ iss: drawText(dice, 40), aud: [drawText(dice, 40)] })
  // Cut anywhere, also within a character of three bytes once encoded.
  const beginning = whole.slice(0, dice.below(whole.length))
  const claims = Array.from({ length: 1 + dice.below(16) }, () => {
    const own = JSON.stringify({ jti: drawText(dice, 80), sub: drawText(dice, 200) })
    return `${whole.slice(beginning.length, -1)},${own.slice(1)}`
  })
  return { seed: dice.bytes(32), kid: drawText(dice, 43), beginning, claims }
}

/** Half of a surrogate pair has no UTF-8 of its own: what is cut there is cut before it. */
function claimsOf({ beginning, claims }: TokenCase): Claims[] {
  const isCutInPair = /[\ud800-\udbff]$/.test(beginning)
  const shared = isCutInPair ? beginning.slice(0, -1) : beginning
  return claims.map((rest) => ({ shared, own: isCutInPair ? beginning.slice(-1) + rest : rest }))
}

/** Judges every way to the tokens of a case; `isRight` says whether a text is one of the claims. */
function judgeTokens(
  tokens: Tokens,
  claims: readonly Claims[],
  isRight: (token: string, json: string) => boolean,
): string | undefined {
  const asText = tokens.signMany(claims)
  const asBytes = tokens.signBearers(claims)
  for (const [index, { shared, own }] of claims.entries()) {
    if (!isRight(asText[index] ?? '', shared + own)) return `token ${index}`
    const bearer = Buffer.from(asBytes[index] ?? []).toString()
    if (!bearer.startsWith('Bearer ') || !isRight(bearer.slice(7), shared + own))
      return `${index} as bytes`
  }
  const [first] = claims as [Claims]
  return isRight(tokens.sign(first), first.shared + first.own) ? undefined : 'token 0 alone'
}

/** Judges the signatures of these inputs without a token around them, alone and in a batch. */
function judgeBare(
  signer: Signer,
  inputs: readonly Buffer[],
  isSignature: IsSignature,
): string | undefined {
  const batch = signer.signMany(inputs)
  for (const [index, input] of inputs.entries()) {
    if (!isSignature(input, signer.sign(input))) return `input ${index} alone`
    const together = batch[index]
    if (together === undefined || !isSignature(input, together)) return `input ${index} in a batch`
  }
  return undefined
}

function headTextOf(alg: string, kid: string): string {
  return `${Buffer.from(JSON.stringify({ alg, kid, typ: 'JWT' })).toString('base64url')}.`
}

type Signer = ReturnType<Signers['prepare']>
type Signers = ReturnType<typeof createEd25519Signers> | ReturnType<typeof createP256Signers>
/** Whether a signature is what node:crypto makes, or takes, of this input. */
type IsSignature = (input: Buffer, signature: Uint8Array) => boolean

interface Curve {
  readonly name: string
  readonly about: string
  readonly alg: string
  readonly createSigners: () => Signers
  readonly drawSeed: (dice: Dice) => Buffer
  readonly byNode: (seed: Buffer) => IsSignature
  /**
   * Always the same signature of the same input: what signs a token is then held to node:crypto's
   * by itself too, at no cost to it.
   */
  readonly isRepeatable: boolean
}

function targetOf(curve: Curve) {
  const { name, about, alg, createSigners, drawSeed, byNode, isRepeatable } = curve
  return target<TokenCase>({
    ...{ name, about, share: 3 },
    start() {
      const signers = createSigners()
      return {
        draw: (dice) => ({ ...drawTokens(dice), seed: drawSeed(dice) }),
        inputsOf: ({ claims }) => claims.length,
        judge(drawn) {
          const text = headTextOf(alg, drawn.kid)
          const isSignature = byNode(drawn.seed)
          const signer = signers.prepare(drawn.seed)
          const tokens = signer.prepareTokens(text)
          try {
            const claims = claimsOf(drawn)
            const inputOf = (json: string) => text + Buffer.from(json).toString('base64url')
            const wrong = judgeTokens(tokens, claims, (token, json) => {
              const input = inputOf(json)
              if (!token.startsWith(`${input}.`)) return false
              const tail = token.slice(input.length + 1)
              const signature = Buffer.from(tail, 'base64url')
              // One text for each signature: what decodes to the same is not the same.
              if (signature.toString('base64url') !== tail) return false
              return isSignature(Buffer.from(input), signature)
            })
            if (wrong !== undefined || !isRepeatable) return wrong
            const inputs = claims.map(({ shared, own }) => Buffer.from(inputOf(shared + own)))
            return judgeBare(signer, inputs, isSignature)
          } finally {
            tokens.forget()
            signer.forget()
          }
        },
      }
    },
  })
}

export const tokenTarget = targetOf({
  name: 'token',
  about: 'whole EdDSA tokens against JSON, Buffer and node:crypto put together by hand',
  alg: 'EdDSA',
  createSigners: () => createEd25519Signers(createWasmInstance()),
  drawSeed: (dice) => dice.bytes(32),
  isRepeatable: true,
  byNode(seed) {
    const privateKey = privateKeyOf(seed)
    // The same is signed in three ways here, and always to the same bytes.
    const known = new Map<string, Buffer>()
    return (input, signature) => {
      const text = input.toString('latin1')
      const expected = known.get(text) ?? sign(null, input, privateKey)
      known.set(text, expected)
      return expected.equals(signature)
    }
  },
})

export const p256TokenTarget = targetOf({
  name: 'p256-token',
  about: 'whole ES256 tokens: text as JSON and Buffer have it, signatures valid to node:crypto',
  alg: 'ES256',
  createSigners: () => createP256Signers(createWasmInstance()),
  drawSeed: drawSecret,
  isRepeatable: false,
  byNode(seed) {
    const pair = keyPairOf(seed)
    return (input, signature) => isValidByNode(pair, input, signature)
  },
})
