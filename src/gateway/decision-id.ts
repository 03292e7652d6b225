import assert from 'node:assert/strict'

/** The header that names the decision, on every answer to a check. For people, not upstreams. */
export const DECISION_HEADER = 'X-Decision-Id'

/** Digits that survive being read aloud: no i, l, o or u. Their order is their value. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
/** The digits that mark one run of one worker: 25 bits. */
const RUN_CHARS = 5
/** The digits that tell its decisions apart: 40 bits, months of them at any rate. */
const NUMBER_CHARS = 8
export const DECISION_ID_CHARS = RUN_CHARS + NUMBER_CHARS
const RUNS_MAX = 2 ** (5 * RUN_CHARS)

const HALF_BITS = 20
const HALF_MASK = 2 ** HALF_BITS - 1
/** Odd, and without a pattern in its bits. */
const SPREAD = 0x9e3779b1
const ROUNDS = 4

const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0))

/** The ids of the decisions of one worker. */
export interface DecisionIds {
  /** What all of them begin with. */
  readonly run: string
  /** The number of the next decision, from 0. Its id stands in `bytes` until the next call. */
  next(): number
  /** ASCII; written anew by each `next`. Whoever keeps it must copy it. */
  readonly bytes: Uint8Array
  /** The id of decision `number`. */
  print(number: number): string
  /** The number of the decision with this id; undefined if it is none of this run. */
  parse(id: string): number | undefined
}

/**
 * Ids of 13 characters: five for the run, eight for the decision. The latter are a permutation
 * keyed by `key` (a Feistel network of four rounds), so that a client that
 * collects ids does not read from them how much is asked; it is no secret, only no counter.
 */
export function createDecisionIds(given: { run: string; key: Uint32Array }): DecisionIds {
  const { run } = given
  assert(isRun(run) && given.key.length === ROUNDS)
  const [k0, k1, k2, k3] = given.key as unknown as [number, number, number, number]
  const bytes = new Uint8Array(DECISION_ID_CHARS)
  for (let at = 0; at < RUN_CHARS; at++) bytes[at] = run.charCodeAt(at)
  let low = -1
  let high = 0

  // Written out: a loop over the key costs more than the rounds.
  function write(target: Uint8Array, upper: number, lower: number): void {
    const a = upper ^ mix(lower, k0)
    const b = lower ^ mix(a, k1)
    const c = a ^ mix(b, k2)
    const d = b ^ mix(c, k3)
    writeHalf(target, RUN_CHARS, c)
    writeHalf(target, RUN_CHARS + NUMBER_CHARS / 2, d)
  }

  return {
    run,
    bytes,
    next() {
      low++
      if (low > HALF_MASK) {
        low = 0
        high = (high + 1) & HALF_MASK
      }
      write(bytes, high, low)
      return high * (HALF_MASK + 1) + low
    },
    print(number) {
      const target = Uint8Array.from(bytes)
      write(target, Math.floor(number / (HALF_MASK + 1)), number & HALF_MASK)
      return String.fromCharCode(...target)
    },
    parse(id) {
      if (runOf(id) !== run) return undefined
      const c = readHalf(id, RUN_CHARS)
      const d = readHalf(id, RUN_CHARS + NUMBER_CHARS / 2)
      const b = d ^ mix(c, k3)
      const a = c ^ mix(b, k2)
      const lower = b ^ mix(a, k1)
      const upper = a ^ mix(lower, k0)
      return upper * (HALF_MASK + 1) + lower
    },
  }
}

/** A mark for a run from 25 random bits, other than those `taken`. */
export function createRun(random: () => number, taken: ReadonlySet<string>): string {
  for (;;) {
    let rest = Math.floor(random() * RUNS_MAX)
    let run = ''
    for (let at = 0; at < RUN_CHARS; at++) {
      run += DIGITS[rest & 31]
      rest >>>= 5
    }
    if (!taken.has(run)) return run
  }
}

/** The mark of the run that an id belongs to; undefined if it is no id. */
export function runOf(id: string): string | undefined {
  if (id.length !== DECISION_ID_CHARS || !isSpelt(id)) return undefined
  return id.slice(0, RUN_CHARS)
}

/** What a reader may have made of an id: capitals, and letters that look like digits. */
export function spellId(text: string): string {
  return text.trim().toLowerCase().replaceAll('o', '0').replaceAll(/[il]/g, '1')
}

function isRun(run: string): boolean {
  return run.length === RUN_CHARS && isSpelt(run)
}

function isSpelt(text: string): boolean {
  return [...text].every((char) => DIGITS.includes(char))
}

function mix(half: number, key: number): number {
  return Math.imul(half ^ key, SPREAD) >>> (32 - HALF_BITS)
}

function writeHalf(target: Uint8Array, at: number, half: number): void {
  target[at] = CODES[half >>> 15] as number
  target[at + 1] = CODES[(half >>> 10) & 31] as number
  target[at + 2] = CODES[(half >>> 5) & 31] as number
  target[at + 3] = CODES[half & 31] as number
}

function readHalf(id: string, from: number): number {
  let half = 0
  for (let at = from; at < from + NUMBER_CHARS / 2; at++) {
    half = half * 32 + DIGITS.indexOf(id.charAt(at))
  }
  return half
}
