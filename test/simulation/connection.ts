import type { Machine } from './machine.ts'
import type { Random } from './random.ts'
import type { Redis, Server } from './redis.ts'
import type { Schedule } from './schedule.ts'

/** What stands between one process and Redis. Directions are seen from the process. */
export interface Wire {
  /** Most of a one-way trip; half of it on average. */
  latencyMs: number
  /** Until then nothing goes out, or comes in: it is held up, as TCP would, not lost. */
  outBlockedUntilMs: number
  inBlockedUntilMs: number
  /** Of pushed messages, which are sent once and to nobody in particular. */
  pushLoss: number
  pushTwice: number
  pushLateMsMax: number
  /** Whether it stays with a primary that was deposed. */
  isLeftBehind: boolean
}

export interface LinkDeps {
  readonly machine: Machine
  readonly redis: Redis
  readonly schedule: Schedule
  readonly random: Random
  readonly commandTimeoutMs: number
}

/** As in the driver's settings: tried again soon, then this often. */
const RECONNECT_MS = 25
const RECONNECT_MS_MAX = 250
export const CONNECT_TIMEOUT_MS = 2_000

/** A connection that opens itself again: its server, and whether both ends still hold it. */
export interface Connection {
  readonly server: Server
  /** For the process; the other end may take a little longer to notice. */
  isOpen: boolean
  /** Whether what was sent already still arrives. */
  isReaching: boolean
  lastOutMs: number
  lastInMs: number
}

export function createTrips({ schedule, random }: LinkDeps, wire: Wire) {
  const tripMs = () => random.next() * wire.latencyMs + 0.05
  return {
    /** Commands keep their order: each connection is a pipe. */
    out(connection: Connection): number {
      const soonMs = Math.max(schedule.nowMs(), wire.outBlockedUntilMs) + tripMs()
      connection.lastOutMs = Math.max(connection.lastOutMs, soonMs)
      return connection.lastOutMs
    },
    in(connection: Connection): number {
      const soonMs = Math.max(schedule.nowMs(), wire.inBlockedUntilMs) + tripMs()
      connection.lastInMs = Math.max(connection.lastInMs, soonMs)
      return connection.lastInMs
    },
    tripMs,
  }
}

/** Opens, and opens again after each loss, until it is closed. */
export function createConnector(
  { machine, redis, schedule, random }: LinkDeps,
  wire: Wire,
  handlers: { readonly opened: (connection: Connection) => void; readonly lost: () => void },
) {
  let connection: Connection | undefined
  let isClosed = false
  let attempts = 0

  function connectSoon(): void {
    attempts += 1
    const delayMs = Math.min(RECONNECT_MS * attempts, RECONNECT_MS_MAX)
    machine.clock.setTimer(delayMs, () => isClosed || connect())
  }

  function connect(): void {
    const server = redis.lead(wire.isLeftBehind)
    if (server === undefined) {
      connectSoon()
      return
    }
    const now = schedule.nowMs()
    const openMs = Math.max(now, wire.outBlockedUntilMs, wire.inBlockedUntilMs)
    if (openMs > now + CONNECT_TIMEOUT_MS) {
      machine.clock.setTimer(CONNECT_TIMEOUT_MS, () => isClosed || connect())
      return
    }
    // There and back, twice: to connect, and to ask who it is or to subscribe.
    const readyMs = openMs + 4 * (random.next() * wire.latencyMs + 0.05)
    schedule.plan(readyMs, () => server.machine.deliver(() => machine.deliver(() => enter(server))))
    // A server that dies meanwhile answers nobody.
    machine.clock.setTimer(CONNECT_TIMEOUT_MS, () => {
      if (!isClosed && connection === undefined && waitsFor === server) connect()
    })
    waitsFor = server
  }
  let waitsFor: Server | undefined

  function enter(server: Server): void {
    if (isClosed || connection !== undefined) return
    if (!server.isUp()) {
      connectSoon()
      return
    }
    attempts = 0
    waitsFor = undefined
    const own = { server, isOpen: true, isReaching: true, lastOutMs: 0, lastInMs: 0 }
    connection = own
    const watcher = { lost: () => newsOfLoss(own) }
    server.connections.add(watcher)
    leave = () => server.connections.delete(watcher)
    handlers.opened(own)
  }
  let leave = (): unknown => undefined

  /** The other end is gone; word of it travels as all else does. */
  function newsOfLoss(own: Connection): void {
    own.isReaching = false
    const heardMs = Math.max(schedule.nowMs(), wire.inBlockedUntilMs) + random.next()
    schedule.plan(heardMs, () => machine.deliver(() => connection === own && drop(), 'commands'))
  }

  function drop(): void {
    if (connection === undefined) return
    connection.isOpen = false
    // What was on its way may have got through, or not.
    if (random.isLucky(0.5)) connection.isReaching = false
    connection = undefined
    leave()
    handlers.lost()
    if (!isClosed) connectSoon()
  }

  connect()
  return {
    current: () => connection,
    cut: () => machine.deliver(drop),
    close() {
      isClosed = true
      drop()
    },
  }
}
