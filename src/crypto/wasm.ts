import { readFileSync } from 'node:fs'

// The compiler's libraries name WebAssembly only together with a browser's.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  readonly Instance: new (module: object, imports: object) => { exports: object }
}

const PAGE_BYTES = 65_536
/** The fixed part of the memory map: `initialMemory` of wasm/asconfig.json. */
const FIXED_BYTES = 256 * PAGE_BYTES

/** What the module exports: addresses, slots and lengths in; a flag, a length or bits out. */
type Exports = Readonly<Record<string, (...numbers: number[]) => number>>

/**
 * One instance of the module with its memory. The memory never grows, so a view stays good.
 * Whatever calls it writes its input, calls and reads its output in one synchronous stretch.
 */
export interface WasmInstance {
  /** The export of that name. Throws when the module is older than its caller. */
  entry(name: string): (...numbers: number[]) => number
  readonly bytes: Buffer
  /** How many keys' tables fit behind the fixed map. */
  readonly keyTablesMax: number
  readonly keyTableBytes: number
  /**
   * Up to sixteen messages are written here, this far apart, none longer than `messageBytesMax`.
   */
  readonly messagesAt: number
  readonly messageStride: number
  readonly messageBytesMax: number
  /** One message alone, where it is only hashed, may be this long. */
  readonly hashBytesMax: number
  readonly parametersAt: number
  readonly outputAt: number
}

let compiled: object | undefined

function compileModule(): object {
  // Beside the compiled sources, wherever those were put.
  const file = new URL('../../wasm/dvara.wasm', import.meta.url)
  compiled ??= new WebAssembly.Module(readFileSync(file))
  return compiled
}

/**
 * A fresh instance: secrets and public data never share one. `keyTablesBytesMax` bounds the room
 * for tables of public keys. Throws when the module was not built or this engine lacks SIMD.
 */
export function createWasmInstance(options: { keyTablesBytesMax?: number } = {}): WasmInstance {
  const { keyTablesBytesMax = 0 } = options
  const pages = Math.ceil((FIXED_BYTES + keyTablesBytesMax) / PAGE_BYTES)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const instance = new WebAssembly.Instance(compileModule(), { env: { memory } })
  const exports = instance.exports as Exports
  const entry = (name: string) => {
    const found = exports[name]
    if (found === undefined) throw new Error(`dvara.wasm lacks ${name}: run npm run build.`)
    return found
  }
  const read = (name: string) => entry(name)()
  const keyTableBytes = read('edKeyBytes')
  return {
    entry,
    bytes: Buffer.from(memory.buffer),
    keyTablesMax: Math.floor(keyTablesBytesMax / keyTableBytes),
    keyTableBytes,
    messagesAt: read('messagesAt'),
    messageStride: read('messageStride'),
    messageBytesMax: read('messageBytesMax'),
    hashBytesMax: read('hashBytesMax'),
    parametersAt: read('parametersAt'),
    outputAt: read('outputAt'),
  }
}

/** Hands out the numbers from 0 to `slotsMax` - 1, each to one holder at a time. */
export interface Slots {
  /** Throws a RangeError that names `what` when none is left. */
  take(): number
  release(slot: number): void
}

const slotsTaken = new WeakMap<WasmInstance, Map<string, Slots>>()

/** The slots of one kind in one instance, the same for everybody who asks. */
export function slotsOf(instance: WasmInstance, what: string, countName: string): Slots {
  const kinds = slotsTaken.get(instance) ?? new Map<string, Slots>()
  slotsTaken.set(instance, kinds)
  const known = kinds.get(what)
  if (known !== undefined) return known
  const slots = createSlots(what, instance.entry(countName)())
  kinds.set(what, slots)
  return slots
}

function createSlots(what: string, slotsMax: number): Slots {
  const released: number[] = []
  let next = 0
  return {
    take() {
      const reused = released.pop()
      if (reused !== undefined) return reused
      if (next === slotsMax) throw new RangeError(`No more than ${slotsMax} ${what} at a time.`)
      return next++
    },
    release(slot) {
      released.push(slot)
    },
  }
}

/** What a signer throws when its own check caught a wrong signature before it left. */
export function faultyArithmetic(): Error {
  return new Error('A signature failed the check of its own arithmetic and was withheld.')
}

const tablesClaimed = new WeakSet<WasmInstance>()

/**
 * Claims the room behind the fixed map for one holder of tables: two would write over each other.
 * Throws an Error at the second claim.
 */
export function claimKeyTables(instance: WasmInstance): void {
  if (tablesClaimed.has(instance)) {
    throw new Error('This instance holds tables of keys already: give each kind its own.')
  }
  tablesClaimed.add(instance)
}

const encoder = new TextEncoder()

/**
 * Writes text as UTF-8 or bytes as they are and returns how many bytes. Throws a RangeError that
 * names `what` if `place` is too short.
 */
export function writeInto(place: Uint8Array, what: string, content: string | Uint8Array): number {
  if (typeof content === 'string') {
    const { read, written } = encoder.encodeInto(content, place)
    if (read === content.length) return written
  } else if (content.length <= place.length) {
    place.set(content)
    return content.length
  }
  throw new RangeError(`${what} longer than ${place.length} bytes.`)
}

/**
 * Writes text of as many characters as `place` has bytes; `false` if one of them is beyond ASCII,
 * takes more than its byte, and so leaves bytes of whatever was there before.
 */
export function writeAsciiInto(place: Uint8Array, text: string): boolean {
  return encoder.encodeInto(text, place).read === text.length
}
