import { formOf, readNonceMs, type SignedFields } from '../../../src/core/signed-request.ts'
import { CLOCK_STEP_MS } from '../../../src/store/nonces.ts'
import { createTwinNonces } from '../../../src/store/twin-nonces.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'

interface NonceCase extends Input {
  readonly version: number
  readonly nonce: string
}

const PIECES = [
  ...[
    '0',
    '1',
    '17',
    '1700000000000',
    '999',
    '9007199254740993',
    '_',
    '__',
    '-',
    '+',
    '.',
    'e',
    'x',
  ],
  ...[' ', '\t', '\n', '\r', '\v', '\f', '\0', '\u00a0', '\u0661', '\u2028', 'abc', '1e12', '0x1F'],
]

/** Both readings of a nonce, against one that walks from character to character. */
export const nonceTarget = target<NonceCase>({
  name: 'nonce',
  about: 'nonces of both versions, against a reader that walks from character to character',
  share: 2,
  start: () => ({
    draw(dice) {
      let nonce = dice.once(3) ? '1700000000000' : ''
      for (let count = dice.below(7); count > 0; count--) nonce = splice(dice, nonce)
      return { version: 1 + dice.below(2), nonce }
    },
    judge({ version, nonce }) {
      const expected = version === 1 ? walkLenient(nonce) : walkStrict(nonce)
      const request = { kid: 'k', nonce, signature: 's', form: '' }
      const read = readNonceMs({ version: version === 1 ? 1 : 2, ...request })
      return read === expected ? undefined : `read as ${read} and not ${expected}`
    },
  }),
})

function splice(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1)
  const piece = dice.once(16) ? dice.bytes(2).toString('latin1') : dice.pick(PIECES)
  return text.slice(0, at) + piece + text.slice(dice.once(8) ? at + 1 : at)
}

const DIGITS = '0123456789'

/** Blanks, a sign, digits with single underscores between them; then whatever. */
function walkLenient(text: string): number | undefined {
  let at = 0
  while (at < text.length && ' \t\n\v\f\r'.includes(text.charAt(at))) at++
  const sign = text.charAt(at)
  if (sign === '-') return undefined
  if (sign === '+') at++
  let digits = ''
  for (; at < text.length; at++) {
    const isBetween = digits !== '' && DIGITS.includes(text.charAt(at + 1) || '?')
    if (text.charAt(at) === '_' && text.charAt(at - 1) !== '_' && isBetween) continue
    if (!DIGITS.includes(text.charAt(at))) break
    digits += text.charAt(at)
  }
  const value = digits === '' ? 0 : Number(digits)
  return value > 0 ? value : undefined
}

function walkStrict(text: string): number | undefined {
  if (text.length !== 13 || text.startsWith('0')) return undefined
  for (const char of text) if (!DIGITS.includes(char)) return undefined
  return Number(text)
}

interface FormCase extends Input {
  readonly one: readonly string[]
  readonly other: readonly string[]
}

const FORM_PIECES = ['0', '1', '2', '10', ':', ',', '-', '1:a,', '0:,', 'GET', '/', '?', 'a']

/** Two requests, mostly alike but for where one field ends and the next begins. */
export const formTarget = target<FormCase>({
  name: 'form',
  about: 'what two requests of version 2 sign: alike exactly if the requests are',
  share: 2,
  start: () => ({
    draw(dice) {
      const one = Array.from({ length: 5 + dice.below(2) }, () => drawField(dice))
      const other = dice.once(4) ? one.map(() => drawField(dice)) : shift(dice, one)
      return { one, other }
    },
    judge({ one, other }) {
      const isSame = one.length === other.length && one.every((field, at) => field === other[at])
      const [first, second] = [formOf(fieldsOf(one)), formOf(fieldsOf(other))]
      if ((first === second) !== isSame) return `both are ${first}`
      return second !== first && (first.startsWith(second) || second.startsWith(first))
        ? `${first} begins or is begun by ${second}`
        : undefined
    },
  }),
})

function drawField(dice: Dice): string {
  return Array.from({ length: dice.below(4) }, () => dice.pick(FORM_PIECES)).join('')
}

/** A character from the end of one field to the front of the next, or the last field lost. */
function shift(dice: Dice, fields: readonly string[]): readonly string[] {
  const at = dice.below(fields.length - 1)
  const [from = '', to = ''] = [fields[at], fields[at + 1]]
  const count = dice.below(from.length + 1)
  const cut = from.length - count
  const shifted = fields.with(at, from.slice(0, cut)).with(at + 1, from.slice(cut) + to)
  return dice.once(6) ? shifted.slice(0, 5) : shifted
}

/** Five fields, or six with a digest. */
function fieldsOf(texts: readonly string[]): SignedFields {
  const [kid = '', nonce = '', method = '', host = '', at = '', contentDigest] = texts
  return { kid, nonce, method, host, target: at, contentDigest }
}

interface BurnCase extends Input {
  readonly epochNumber: number
  /** Of each step: how far the clock goes, and how far from it the nonce is. */
  readonly steps: readonly (readonly [passMs: number, aheadMs: number, isSwept: boolean])[]
}

const LIFETIME_MS = 5000
const START_MS = 1_700_000_000_000

/** Clocks that go forth and back, and a table that is swept: nothing is ever burned twice. */
export const burnTarget = target<BurnCase>({
  name: 'burn',
  about: 'nonces that are used up while clocks go forth and back: none of them twice',
  share: 1,
  start: () => ({
    draw: (dice) => ({
      epochNumber: 1 + dice.below(2),
      steps: Array.from({ length: 2 + dice.below(30) }, () => {
        const passMs = dice.below(8000) * (dice.once(4) ? -1 : 1)
        return [passMs, dice.below(2 * LIFETIME_MS) - LIFETIME_MS, dice.once(3)] as const
      }),
    }),
    inputsOf: ({ steps }) => steps.length,
    judge({ epochNumber, steps }) {
      let [nowMs, newestMs] = [START_MS, START_MS]
      const nonces = createTwinNonces(() => nowMs)
      nonces.sealed(epochNumber)
      const burned = new Set<number>()
      for (const [passMs, aheadMs, isSwept] of steps) {
        newestMs = Math.max(newestMs, nowMs)
        nowMs = Math.max(nowMs + passMs, newestMs - CLOCK_STEP_MS)
        if (isSwept) nonces.sweep()
        // Rounded, so that the same nonce comes again.
        const nonceMs = Math.round((nowMs + aheadMs) / 500) * 500
        if (Math.abs(nonceMs - nowMs) >= LIFETIME_MS) continue
        const one = { kid: 'k', nonceMs, lifetimeMs: LIFETIME_MS, rememberedMax: 100 }
        if (nonces.burn(one) !== 'burned') continue
        if (burned.has(nonceMs)) return `${nonceMs - START_MS} was burned twice`
        const isEarly = epochNumber > 1 && nonceMs < START_MS + LIFETIME_MS
        if (isEarly) return `${nonceMs - START_MS} may have been burned before`
        burned.add(nonceMs)
      }
      return undefined
    },
  }),
})
