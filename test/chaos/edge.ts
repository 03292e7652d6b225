import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { createFramer } from './resp.ts'

/** What is wrong with one edge right now. Both directions are seen from who connects. */
export interface EdgeFaults {
  /** Share of published messages that never arrive, from 0 to 1. */
  readonly dropPushes: number
  /** Share of published messages that arrive twice. */
  readonly repeatPushes: number
  readonly delayToServerMs: number
  readonly delayToClientMs: number
  /**
   * A black hole: nothing passes, no end is told. What was sent meanwhile arrives once it is
   * healed, as TCP sends again what was lost: late, but in order.
   */
  readonly holdToServer: boolean
  readonly holdToClient: boolean
  /** New connections are reset. */
  readonly isRefusing: boolean
  /** Replaces a frame of the server by another, or leaves it. */
  readonly forge: ((bytes: Buffer) => Buffer) | undefined
}

/** One way between two processes, which can be made worse at will. */
export interface Edge {
  readonly name: string
  readonly port: number
  readonly connectionsCount: number
  readonly droppedCount: number
  readonly repeatedCount: number
  set(faults: Partial<EdgeFaults>): void
  heal(): void
  /** Resets every connection there is. */
  cut(): void
  /** New connections lead elsewhere. */
  retarget(port: number): void
  close(): Promise<void>
}

export interface EdgeOptions {
  readonly name: string
  readonly targetPort: number
  /** `bytes`: what flows is not looked into, and has no pushes. */
  readonly speaks: 'resp' | 'bytes'
  /** From 0 to 1; decides which pushes are struck. */
  readonly random: () => number
}

const HEALTHY: EdgeFaults = {
  dropPushes: 0,
  repeatPushes: 0,
  delayToServerMs: 0,
  delayToClientMs: 0,
  holdToServer: false,
  holdToClient: false,
  isRefusing: false,
  forge: undefined,
}

/** A connection that has more waiting than this is reset, as a full buffer would end it. */
const HELD_BYTES_MAX = 128 * 1024 * 1024

interface Pair {
  readonly pump: () => void
  readonly cut: () => void
}

/** A TCP proxy on a free loopback port. */
export async function openEdge(options: EdgeOptions): Promise<Edge> {
  let faults = HEALTHY
  let { targetPort } = options
  const counts = { dropped: 0, repeated: 0 }
  const pairs = new Set<Pair>()

  /** What becomes of the frames in this chunk. */
  function strike(take: ReturnType<typeof createFramer>, chunk: Buffer): Buffer[] {
    return take(chunk).flatMap(({ bytes, isPush }) => {
      if (!isPush) return [faults.forge?.(bytes) ?? bytes]
      if (options.random() < faults.dropPushes) {
        counts.dropped += 1
        return []
      }
      if (options.random() >= faults.repeatPushes) return [bytes]
      counts.repeated += 1
      return [bytes, bytes]
    })
  }

  const server = createServer((client) => {
    client.on('error', () => undefined)
    if (faults.isRefusing) return void client.resetAndDestroy()
    const upstream = connect({ host: '127.0.0.1', port: targetPort, noDelay: true })
    upstream.on('error', () => undefined)
    client.setNoDelay(true)
    const cut = () => {
      client.resetAndDestroy()
      upstream.destroy()
      pairs.delete(pair)
    }
    const toServer = createLane(
      upstream,
      () => ({ isHeld: faults.holdToServer, delayMs: faults.delayToServerMs }),
      cut,
    )
    const toClient = createLane(
      client,
      () => ({ isHeld: faults.holdToClient, delayMs: faults.delayToClientMs }),
      cut,
    )
    const take = createFramer()
    client.on('data', (chunk: Buffer) => toServer.push(chunk))
    upstream.on('data', (chunk: Buffer) => {
      if (options.speaks === 'bytes') return toClient.push(chunk)
      for (const bytes of strike(take, chunk)) toClient.push(bytes)
    })
    client.once('close', () => toServer.push(undefined))
    upstream.once('close', () => toClient.push(undefined))
    const pump = () => {
      toServer.pump()
      toClient.pump()
    }
    const pair = { pump, cut }
    pairs.add(pair)
    const forget = () => void (client.destroyed && upstream.destroyed && pairs.delete(pair))
    client.once('close', forget)
    upstream.once('close', forget)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  function set(change: Partial<EdgeFaults>): void {
    faults = { ...faults, ...change }
    for (const pair of pairs) pair.pump()
  }
  return {
    name: options.name,
    port,
    get connectionsCount() {
      return pairs.size
    },
    get droppedCount() {
      return counts.dropped
    },
    get repeatedCount() {
      return counts.repeated
    },
    set,
    heal: () => set(HEALTHY),
    cut() {
      for (const pair of [...pairs]) pair.cut()
    },
    retarget(to) {
      targetPort = to
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const pair of [...pairs]) pair.cut()
      await closed
    },
  }
}

/** One direction: what waits, in order, until it may go on. `undefined` is the end. */
function createLane(
  to: Socket,
  state: () => { readonly isHeld: boolean; readonly delayMs: number },
  overflow: () => void,
) {
  const waiting: { readonly bytes: Buffer | undefined; readonly dueAtMs: number }[] = []
  let waitingBytes = 0
  let timer: NodeJS.Timeout | undefined

  function pass(bytes: Buffer | undefined): void {
    if (bytes === undefined) to.destroySoon()
    else if (to.writable) to.write(bytes)
  }

  function pump(): void {
    clearTimeout(timer)
    timer = undefined
    const nowMs = performance.now()
    while (waiting[0] !== undefined && !state().isHeld) {
      const { bytes, dueAtMs } = waiting[0]
      if (dueAtMs > nowMs) {
        timer = setTimeout(pump, dueAtMs - nowMs)
        return
      }
      waiting.shift()
      waitingBytes -= bytes?.length ?? 0
      pass(bytes)
    }
  }

  return {
    pump,
    push(bytes: Buffer | undefined): void {
      const { isHeld, delayMs } = state()
      if (!isHeld && delayMs === 0 && waiting.length === 0) {
        pass(bytes)
        return
      }
      waiting.push({ bytes, dueAtMs: performance.now() + delayMs })
      waitingBytes += bytes?.length ?? 0
      if (waitingBytes > HELD_BYTES_MAX) overflow()
      else if (timer === undefined) pump()
    },
  }
}
