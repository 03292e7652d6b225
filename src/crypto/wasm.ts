import { readFileSync } from 'node:fs'

const PAGE_BYTES = 65_536

// The compiler's libraries name WebAssembly only together with a browser's.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  readonly Instance: new (module: object, imports: object) => { exports: object }
}

/** What the module exports: addresses and lengths in, a flag or a length out. */
export type WasmExports = Readonly<Record<string, (...numbers: number[]) => number>>

/** One instance with its memory. The memory never grows, so a view made once stays good. */
export interface WasmInstance {
  readonly exports: WasmExports
  readonly bytes: Buffer
  /** Where up to sixteen messages are written, this far apart, none longer than `messageBytesMax`. */
  readonly messagesAt: number
  readonly messageStride: number
  readonly messageBytesMax: number
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
 * A fresh instance with its own memory: secrets and public data never share one. `keyTableBytes`
 * is room for tables of public keys behind the fixed map. Throws when the module is missing or this
 * engine lacks SIMD.
 */
export function createWasmInstance(options: { keyTableBytes?: number } = {}): WasmInstance {
  const { keyTableBytes = 0 } = options
  const module = compileModule()
  const pages = Math.ceil((FIXED_BYTES + keyTableBytes) / PAGE_BYTES)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const numbers = exports as WasmExports
  return {
    exports: numbers,
    bytes: Buffer.from(memory.buffer),
    messagesAt: read(numbers, 'messagesAt'),
    messageStride: read(numbers, 'messageStride'),
    messageBytesMax: read(numbers, 'messageBytesMax'),
    parametersAt: read(numbers, 'parametersAt'),
    outputAt: read(numbers, 'outputAt'),
  }
}

/** The fixed part of the memory map, as wasm/asconfig.json declares it in pages. */
const FIXED_BYTES = 256 * PAGE_BYTES

function read(exports: WasmExports, name: string): number {
  const answer = exports[name]
  if (answer === undefined) throw new Error(`dvara.wasm lacks ${name}: run npm run build.`)
  return answer()
}
