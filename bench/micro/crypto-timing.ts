import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createBlakeKeys } from '../../src/crypto/blake.ts'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

/** Whether the time of a call tells two classes of secrets apart: Welch's t of their two means. */
export interface Timing {
  readonly name: string
  readonly t: number
  readonly samples: number
  /** Below this, what was seen is chance. */
  readonly isQuiet: boolean
}

/** Reparaz, Balasch and Verbauwhede 2017, "Dude, is my code constant time?", §2.3. */
const T_MAX = 4.5
const SAMPLES = 40_000
const INPUTS = 512
/** The slowest were interrupted by something else; the bound is common to both classes. */
const KEPT = 0.8

/** Two lists of inputs to the same call, of equal shape; the call's time must not tell which. */
interface Subject<Input> {
  readonly name: string
  readonly classes: readonly [readonly Input[], readonly Input[]]
  call(input: Input): unknown
}

function measure<Input>({ name, classes, call }: Subject<Input>): Timing {
  const times: [number[], number[]] = [[], []]
  // The order is drawn beforehand: drawing is not to be part of what is timed.
  const draws = randomBytes(SAMPLES * 3)
  for (let sample = 0; sample < SAMPLES; sample++) {
    const of = (draws[3 * sample] as number) & 1
    const at = draws.readUInt16LE(3 * sample + 1) % INPUTS
    const input = classes[of as 0 | 1][at] as Input
    const startedNs = process.hrtime.bigint()
    call(input)
    times[of as 0 | 1].push(Number(process.hrtime.bigint() - startedNs))
  }
  const t = welch(...crop(times))
  return { name, t, samples: SAMPLES, isQuiet: Math.abs(t) < T_MAX }
}

/** Drops the start, when the compiler was not done, and the slowest of both by one bound. */
function crop(times: [number[], number[]]): [number[], number[]] {
  const [left, right] = times.map((each) => each.slice(each.length >> 3)) as [number[], number[]]
  const sorted = [...left, ...right].sort((a, b) => a - b)
  const bound = sorted[Math.floor(sorted.length * KEPT)] ?? Number.POSITIVE_INFINITY
  return [left.filter((each) => each <= bound), right.filter((each) => each <= bound)]
}

function welch(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [momentsOf(left), momentsOf(right)]
  return (a.mean - b.mean) / Math.sqrt(a.variance / left.length + b.variance / right.length)
}

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, variance: squares / (values.length - 1) }
}

function many<Input>(make: (index: number) => Input): Input[] {
  return Array.from({ length: INPUTS }, (_, index) => make(index))
}

/** Copies, so that neither class has its inputs in a warmer place than the other. */
function sameMessage(message: Buffer): Buffer[] {
  return many(() => Buffer.from(message))
}

function signing(): Timing[] {
  const signer = createEd25519Signers(createWasmInstance()).prepare(randomBytes(32))
  const subject = {
    name: 'EdDSA sign: one nonce against many',
    classes: [sameMessage(randomBytes(200)), many(() => randomBytes(200))] as const,
    call: (message: Buffer) => signer.sign(message),
  }
  const batches = {
    name: 'EdDSA sign, batch of 16: one nonce in all lanes against many',
    classes: [
      many(() => sameMessage(randomBytes(100)).slice(0, 16)),
      many(() => Array.from({ length: 16 }, () => randomBytes(100))),
    ] as const,
    call: (messages: Buffer[]) => signer.signMany(messages),
  }
  return [measure(subject), measure(batches)]
}

/** A MAC that differs in its first byte against one that differs in its last. */
function altered(mac: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(mac)
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

function comparing(): Timing[] {
  const secrets = createWasmInstance()
  const hmac = createHmacKeys(secrets).prepare(randomBytes(32))
  const blake = createBlakeKeys(secrets).prepare(randomBytes(32))
  const message = randomBytes(43).toString('hex').slice(0, 43)
  const hexOf = (at: number) => altered(hmac.sign(message), at).toString('hex')
  const textOf = (at: number) => altered(blake.sign(message), at).toString('base64url')
  return [
    measure({
      name: 'HMAC verify: wrong in the first byte against the last',
      classes: [many(() => hexOf(0)), many(() => hexOf(31))],
      call: (mac) => hmac.verifyHex(message, mac),
    }),
    measure({
      name: 'keyed BLAKE3 verify: wrong in the first byte against the last',
      classes: [many(() => textOf(0)), many(() => textOf(31))],
      call: (mac) => blake.verifyText(message, mac),
    }),
  ]
}

/** A comparison that stops at the first difference: if this is quiet, the method is blind. */
function control(): Timing {
  const right = randomBytes(4096)
  const stopsEarly = (presented: Buffer) => {
    for (let at = 0; at < right.length; at++) if (presented[at] !== right[at]) return false
    return true
  }
  return measure({
    name: 'control: a comparison that stops early (must be seen)',
    classes: [many(() => altered(right, 0)), many(() => altered(right, 4095))],
    call: stopsEarly,
  })
}

/** What the time of secret operations tells. */
export function measureTiming(): Timing[] {
  return [...signing(), ...comparing(), control()]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, t, isQuiet } of measureTiming()) {
    process.stdout.write(`${name.padEnd(66)} t = ${t.toFixed(2)} ${isQuiet ? 'quiet' : 'seen'}\n`)
  }
}
