import type { Address } from '../core/address.ts'
import type { LoadedUws } from './engine-uws.ts'
import type { Reply } from './reply.ts'

/** A request head, readable only until the accepting function returns. */
export interface Inbound {
  /** As on the wire. */
  readonly method: string
  /** The request target up to its first `?`, raw. */
  readonly path: string
  /** What follows the first `?`; empty when nothing does. */
  readonly query: string
  /** Whether it came over a unix socket. */
  readonly isLocal: boolean
  /** Undefined for a unix socket, and when the connection is already gone. */
  readonly peer: Address | undefined
  /** Every header line in order, repeats apart, names in lower case. */
  forEachHeader(see: (name: string, value: string) => void): void
}

/** The answer to one request. */
export interface Outbound {
  readonly isOver: boolean
  /**
   * Writes the whole reply and ends it; HEAD gets no body. `isLast` closes the connection behind
   * it; `decisionId`, in ASCII, is copied into its header, and `lines` of a grant come to the
   * others. Does nothing if the caller has gone or has its answer.
   */
  reply(reply: Reply, isLast: boolean, decisionId?: Uint8Array, lines?: string): void
  /** Keeps the request open when the accepting function returns without a reply. */
  hold(): void
}

export type Accept = (inbound: Inbound, outbound: Outbound) => void

export interface Callbacks {
  readonly accept: Accept
  /** Paths that are asked for most and whose query says nothing: an engine may leave it out. */
  readonly paths?: readonly string[]
  /** What is sent when `accept` throws, or returns with neither a reply nor a hold. */
  readonly fallback: Reply
  /** More connections than these are cut as they are opened. */
  readonly connectionsMax: number
  /** One was cut for that. */
  readonly onCrowded: () => void
  /** A bug: something threw where nothing may. The request was answered or its connection cut. */
  readonly onBug: (cause: unknown) => void
}

/**
 * Where to listen. `exclusive` fails if anybody else has the port; `shared` lets several
 * processes accept on it: by SO_REUSEPORT (uws) or a handle of node:cluster (node). A unix
 * socket has one owner at a time.
 */
export type ListenAt =
  | { readonly host: string; readonly port: number; readonly mode: 'exclusive' | 'shared' }
  | { readonly path: string }

export interface Listening {
  /** The port that was bound, chosen by the system if 0 was asked for; 0 for a unix socket. */
  readonly port: number
}

/** An HTTP server for one process. May be opened, drained and closed once. */
export interface Engine {
  readonly kind: 'uws' | 'node'
  /** Throws an EngineError that says what to do. */
  listen(at: ListenAt, callbacks: Callbacks): Promise<Listening>
  /**
   * Accepts no more connections and ends each open one with its next answer. Resolves when none
   * is open, or after `withinMs` as soon as no request is being answered.
   */
  drain(withinMs: number): Promise<void>
  /** Cuts what is open. */
  close(): Promise<void>
}

export type EngineChoice = 'auto' | 'uws' | 'node'

/** What an operator has to change before we can listen; one line that says so. */
export class EngineError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'EngineError'
  }
}

/** What a system that refuses to listen there means, and what to do about it; `code` if known. */
export function cannotListen(
  at: ListenAt | { host: string; port: number },
  code = '',
): EngineError {
  const why = code === '' ? '' : ` (${code})`
  if ('path' in at) {
    return new EngineError(
      `Cannot listen on ${at.path}${why}: its folder must exist and be writable.`,
    )
  }
  return new EngineError(
    `Cannot listen on ${at.host}:${at.port}${why}: the port is taken, or the address is not of ` +
      'this machine. Stop the other process, or choose another port.',
  )
}

/** The request head may have this many bytes: the default of nginx, 4 × 8 KiB. */
export const HEAD_BYTES_MAX = 32 * 1024

/** Group and owner may ask; a gateway in another container joins the group. */
export const SOCKET_MODE = 0o660

/** The engine that was chosen; `auto` is uWebSockets.js if `load` finds a binary of it. */
export async function openEngine(
  choice: EngineChoice,
  onWarning: (message: string) => void,
  load?: () => Promise<LoadedUws>,
): Promise<Engine> {
  if (choice !== 'node') {
    const { createUwsEngine, loadUws } = await import('./engine-uws.ts')
    const loaded = await (load ?? loadUws)()
    if (loaded.kind === 'loaded') return createUwsEngine(loaded.uws)
    const here = `${process.platform}/${process.arch} with Node ${process.version}`
    const about = `No binary of uWebSockets.js loads on ${here}: ${loaded.why}.`
    if (choice === 'uws') throw new EngineError(`${about} Choose the engine "node" or "auto".`)
    onWarning(`${about} Answering with node:http, which is several times slower.`)
  }
  const { createNodeEngine } = await import('./engine-node.ts')
  return createNodeEngine()
}

/** Runs `accept` so that nothing it does can leave the request open or end the process. */
export function acceptSafely(
  callbacks: Callbacks,
  inbound: Inbound,
  outbound: Outbound & { readonly isHeld: boolean },
): void {
  try {
    callbacks.accept(inbound, outbound)
    if (outbound.isOver || outbound.isHeld) return
    callbacks.onBug(new Error('a request was neither answered nor held'))
  } catch (cause) {
    callbacks.onBug(cause)
  }
  outbound.reply(callbacks.fallback, true)
}
