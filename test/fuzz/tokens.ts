import { sign } from 'node:crypto'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Dice } from './dice.ts'
import { privateKeyOf } from './node-keys.ts'
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

export const tokenTarget = target<TokenCase>({
  name: 'token',
  about: 'whole EdDSA tokens against JSON, Buffer and node:crypto put together by hand',
  share: 3,
  start() {
    const signers = createEd25519Signers(createWasmInstance())
    return { draw: drawTokens, inputsOf: ({ claims }) => claims.length, judge }

    function judge({ seed, kid, beginning, claims }: TokenCase): string | undefined {
      // Half of a surrogate pair has no UTF-8 of its own: what is cut there is cut before it.
      const isCutInPair = /[\ud800-\udbff]$/.test(beginning)
      const start = isCutInPair ? beginning.slice(0, -1) : beginning
      const rests = isCutInPair ? claims.map((rest) => beginning.slice(-1) + rest) : claims
      const header = JSON.stringify({ alg: 'EdDSA', kid, typ: 'JWT' })
      const text = `${Buffer.from(header).toString('base64url')}.`
      const privateKey = privateKeyOf(seed)
      const expected = rests.map((rest) => {
        const input = text + Buffer.from(start + rest).toString('base64url')
        return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`
      })
      const signer = signers.prepare(seed)
      const head = signer.prepareHead({ text, claims: start })
      try {
        const asText = head.signMany(rests)
        const asBytes = head.signBearers(rests)
        for (const [index, token] of expected.entries()) {
          if (asText[index] !== token) return `token ${index}`
          if (Buffer.from(asBytes[index] ?? []).toString() !== `Bearer ${token}`)
            return `${index} as bytes`
        }
        return head.sign(rests[0] as string) === expected[0] ? undefined : 'token 0 alone'
      } finally {
        head.forget()
        signer.forget()
      }
    }
  },
})
