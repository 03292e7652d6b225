import { Fault } from '../../src/core/fault.ts'
import type { Invalidation } from '../../src/core/invalidation.ts'
import type { Board } from '../../src/store/board.ts'
import type { InvalidationHandler } from '../../src/store/invalidations.ts'
import type { ReportHandler } from '../../src/store/members.ts'
import type { BoardState } from './board-state.ts'
import {
  CONNECT_TIMEOUT_MS,
  type Connection,
  createConnector,
  createTrips,
  type LinkDeps,
  type Wire,
} from './connection.ts'
import type { Command, Server } from './redis.ts'

export interface Link {
  readonly board: Board
  readonly wire: Wire
  /** Cuts the connection for commands, that for pushes, or both. */
  cut(which: 'commands' | 'pushes' | 'both'): void
  close(): void
}

const away = () => new Fault('store_unavailable', { about: 'Redis is away' })

/** One process' two connections to Redis, as the Board that the product's modules ask. */
export function createLink(deps: LinkDeps): Link {
  const wire: Wire = {
    ...{ latencyMs: 0.6, outBlockedUntilMs: 0, inBlockedUntilMs: 0 },
    ...{ pushLoss: 0, pushTwice: 0, pushLateMsMax: 0, isLeftBehind: false },
  }
  const commands = createCommands(deps, wire)
  const pushes = createPushes(deps, wire)
  return {
    board: createBoard(commands.call, pushes),
    wire,
    cut(which) {
      if (which !== 'pushes') commands.cut()
      if (which !== 'commands') pushes.cut()
    },
    close() {
      commands.close()
      pushes.close()
    },
  }
}

export type Call = <T>(
  command: Command<T>,
  options?: { readonly isWrite?: boolean; readonly after?: (server: Server, value: T) => void },
) => Promise<T>

function createCommands(deps: LinkDeps, wire: Wire) {
  const { machine, schedule, commandTimeoutMs } = deps
  const trips = createTrips(deps, wire)
  const pending = new Set<() => void>()
  const connector = createConnector(deps, wire, {
    opened: () => undefined,
    lost() {
      const all = [...pending]
      pending.clear()
      for (const fail of all) fail()
    },
  })

  const call: Call = (command, { isWrite = false, after } = {}) => {
    const connection = connector.current()
    if (connection === undefined) return Promise.reject(away())
    const { server } = connection
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        stop()
        return pending.delete(fail)
      }
      const fail = () => {
        stop()
        reject(away())
      }
      const stop = machine.clock.setTimer(commandTimeoutMs, () => {
        if (settle()) reject(new Fault('store_timeout', { about: 'Redis' }))
      })
      pending.add(fail)
      schedule.plan(trips.out(connection), () =>
        server.machine.deliver(() => {
          if (!connection.isReaching) return
          const answer = answerOf(server, command, isWrite, after)
          schedule.plan(trips.in(connection), () =>
            machine.deliver(() => {
              if (!connection.isOpen || !settle()) return
              if (answer.isRight) resolve(answer.value)
              else reject(answer.fault)
            }, 'commands'),
          )
        }),
      )
    })
  }
  return { call, cut: connector.cut, close: connector.close }
}

type Outcome<T> =
  | { readonly isRight: true; readonly value: T }
  | { readonly isRight: false; readonly fault: unknown }

function answerOf<T>(
  server: Server,
  command: Command<T>,
  isWrite: boolean,
  after: ((server: Server, value: T) => void) | undefined,
): Outcome<T> {
  try {
    const value = server.execute(command, isWrite)
    after?.(server, value)
    return { isRight: true, value }
  } catch (fault) {
    return { isRight: false, fault }
  }
}

interface Pushes {
  subscribe(handler: InvalidationHandler): Promise<void>
  hearReports(handler: ReportHandler): Promise<void>
}

function createPushes(deps: LinkDeps, wire: Wire) {
  const { machine, schedule, random } = deps
  const trips = createTrips(deps, wire)
  const handlers: ((channel: 'push' | 'ack', words: unknown) => void)[] = []
  const news: (() => void)[] = []
  const waiting: (() => void)[] = []
  let own: Connection | undefined
  let connector: ReturnType<typeof createConnector> | undefined

  function arrive(connection: Connection, channel: 'push' | 'ack', words: unknown): void {
    if (random.next() < wire.pushLoss) return
    const copies = random.next() < wire.pushTwice ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const lateMs = wire.pushLateMsMax === 0 ? 0 : random.next() * wire.pushLateMsMax
      schedule.plan(trips.in(connection) + lateMs, () =>
        machine.deliver(() => {
          if (!connection.isOpen) return
          for (const handle of handlers) handle(channel, words)
        }, 'pushes'),
      )
    }
  }

  let unlisten = (): unknown => undefined
  function opened(connection: Connection): void {
    own = connection
    const hear = (channel: 'push' | 'ack', words: unknown) => arrive(connection, channel, words)
    connection.server.listeners.add(hear)
    unlisten = () => connection.server.listeners.delete(hear)
    for (const wake of waiting.splice(0)) wake()
    for (const tell of news) tell()
  }

  function lost(): void {
    own = undefined
    unlisten()
  }

  function join(
    handle: (channel: 'push' | 'ack', words: unknown) => void,
    tell: () => void,
  ): Promise<void> {
    handlers.push(handle)
    news.push(tell)
    connector ??= createConnector(deps, wire, { opened, lost })
    if (own !== undefined) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const stop = machine.clock.setTimer(CONNECT_TIMEOUT_MS, () => reject(away()))
      waiting.push(() => {
        stop()
        resolve()
      })
    })
  }

  return {
    subscribe: (handler: InvalidationHandler) =>
      join(
        (channel, words) => channel === 'push' && handler.invalidated(words as Invalidation),
        () => handler.interrupted(),
      ),
    hearReports: (handler: ReportHandler) =>
      join(
        (channel, words) => {
          if (channel !== 'ack') return
          const report = words as { worker: string; appliedSeq: number } | undefined
          if (report === undefined) handler.changed()
          else handler.reported(report.worker, report.appliedSeq)
        },
        () => handler.changed(),
      ),
    cut: () => connector?.cut(),
    close: () => connector?.close(),
  }
}

const left = (server: Server, isGone: boolean) => {
  if (isGone) server.publish('ack', undefined)
}

/** Each question one command; words to subscribers go out with the change they are about. */
function createBoard(call: Call, pushes: Pushes): Board {
  const read = <T>(command: Command<T>) => call(command)
  const write = <T>(command: Command<T>) => call(command, { isWrite: true })
  return {
    subscribe: pushes.subscribe,
    hearReports: pushes.hearReports,
    load: (hash) => read((state, runId) => state.load(runId, hash)),
    loadKey: (kid) => read((state, runId) => state.loadKey(runId, kid)),
    touch: (batch) => write((state, runId) => state.touch(runId, batch)),
    heartbeat: (worker, appliedSeq) =>
      write((state, runId) => state.heartbeat(runId, worker, appliedSeq)),
    async report(worker, appliedSeq) {
      const command = (state: BoardState, runId: string) => state.report(runId, worker, appliedSeq)
      const after = (server: Server, isNew: boolean) => {
        if (isNew) server.publish('ack', { worker, appliedSeq })
      }
      await call(command, { isWrite: true, after })
    },
    async leave(worker) {
      await call((state) => state.leave(worker), { isWrite: true, after: left })
    },
    members: () => read((state, runId) => state.members(runId)),
    prune: (worker, beat) =>
      call((state, runId) => state.prune(runId, worker, beat), { isWrite: true, after: left }),
    since: (seq) => read((state, runId) => state.since(runId, seq)),
    open: (posting, epochNumber) =>
      write((state, runId) => state.open(runId, posting, epochNumber)),
    apply: (notice, epochNumber) =>
      call((state, runId) => state.apply(runId, notice, epochNumber), {
        isWrite: true,
        after: (server, { seq }) =>
          server.publish('push', { seq, scope: notice.scope, id: notice.id }),
      }),
    idleDeadlines: (hashes) => read((state, runId) => state.idleDeadlines(runId, hashes)),
    takeTouched: (max) => write((state, runId) => state.takeTouched(runId, max)),
    sealedAs: () => read((state, runId) => state.sealedAs(runId)),
    begin: (epochNumber, replaced) =>
      write((state, runId) => state.begin(runId, epochNumber, replaced)),
    prepare: (filling, refilled, ended) =>
      write((state, runId) => state.prepare(runId, filling, refilled, ended)),
    preparePrincipals: (filling, holders) =>
      write((state, runId) => state.preparePrincipals(runId, filling, holders)),
    prepareKeys: (epochNumber, keys) =>
      write((state, runId) => state.prepareKeys(runId, epochNumber, keys)),
    seal: (epochNumber) => write((state, runId) => state.seal(runId, epochNumber)),
    burn: () => Promise.resolve('burned'),
    rates: { take: () => Promise.reject(away()) } as unknown as Board['rates'],
    closedSince: () => Promise.reject(away()),
    ping: () => Promise.resolve(),
    activities: {
      append: () => Promise.resolve(),
      read: () => Promise.resolve([]),
      remove: () => Promise.resolve(),
    } as unknown as Board['activities'],
    close: () => Promise.resolve(),
  }
}
