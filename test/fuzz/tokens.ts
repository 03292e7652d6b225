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

function headTextOf(alg: string, kid: string): string {
  return `${Buffer.from(JSON.stringify({ alg, kid, typ: 'JWT' })).toString('base64url')}.`
}

export const tokenTarget = target<TokenCase>({
  name: 'token',
  about: 'whole EdDSA tokens against JSON, Buffer and node:crypto put together by hand',
  share: 3,
  start() {
    const signers = createEd25519Signers(createWasmInstance())
    return {
      draw: drawTokens,
      inputsOf: ({ claims }) => claims.length,
      judge(drawn) {
        const text = headTextOf('EdDSA', drawn.kid)
        const privateKey = privateKeyOf(drawn.seed)
        const signer = signers.prepare(drawn.seed)
        const tokens = signer.prepareTokens(text)
        try {
          return judgeTokens(tokens, claimsOf(drawn), (token, json) => {
            const input = text + Buffer.from(json).toString('base64url')
            const signature = sign(null, Buffer.from(input), privateKey).toString('base64url')
            return token === `${input}.${signature}`
          })
        } finally {
          tokens.forget()
          signer.forget()
        }
      },
    }
  },
})

export const p256TokenTarget = target<TokenCase>({
  name: 'p256-token',
  about: 'whole ES256 tokens: text as JSON and Buffer have it, signatures valid to node:crypto',
  share: 3,
  start() {
    const signers = createP256Signers(createWasmInstance())
    return {
      draw: (dice) => ({ ...drawTokens(dice), seed: drawSecret(dice) }),
      inputsOf: ({ claims }) => claims.length,
      judge(drawn) {
        const text = headTextOf('ES256', drawn.kid)
        const pair = keyPairOf(drawn.seed)
        const signer = signers.prepare(drawn.seed)
        const tokens = signer.prepareTokens(text)
        try {
          return judgeTokens(tokens, claimsOf(drawn), (token, json) => {
            const input = text + Buffer.from(json).toString('base64url')
            if (!token.startsWith(`${input}.`)) return false
            const signature = Buffer.from(token.slice(input.length + 1), 'base64url')
            return isValidByNode(pair, Buffer.from(input), signature)
          })
        } finally {
          tokens.forget()
          signer.forget()
        }
      },
    }
  },
})
