import { Fault } from '../../src/core/fault.ts'
import { type BoardLimits, type BoardState, createBoardState } from './board-state.ts'
import type { History } from './history.ts'
import { createMachine, type Machine } from './machine.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

/** A script with its arguments; repeated on another state it does the same there. */
export type Command<T> = (state: BoardState, runId: string) => T

interface Entry {
  readonly atMs: number
  readonly runId: string
  readonly command: Command<unknown>
}

/** One Redis process. */
export interface Server {
  readonly runId: string
  readonly machine: Machine
  isUp(): boolean
  execute<T>(command: Command<T>, isWrite: boolean): T
  /** Connections that lead here, for the news that the process is gone. */
  readonly connections: Set<{ lost(): void }>
  /** Whoever subscribed hears each word, or is meant to. */
  readonly listeners: Set<(channel: 'push' | 'ack', words: unknown) => void>
  publish(channel: 'push' | 'ack', words: unknown): void
}

interface OwnServer extends Server {
  readonly entries: readonly Entry[]
  fence(atMs: number): void
  end(): void
}

/** The servers of one history, of which one at a time is found by who asks where to go. */
export interface Redis {
  /** Where a new connection leads; undefined while there is nothing. */
  lead(isLeftBehind: boolean): Server | undefined
  running(): readonly Server[]
  /** Since when nothing runs that could give anybody a lease; infinity while something does. */
  goneSinceMs(): number
  /** Ends the process and starts another, with all but the last part of what was written. */
  restart(options: { readonly downMs: number; readonly lostMs: number }): void
  /**
   * Promotes a replica that is behind. The old primary goes on serving those who are left behind
   * with it until `healMs` have passed, and takes writes for `fenceMs` of them.
   */
  failOver(options: {
    readonly detectMs: number
    readonly lostMs: number
    readonly fenceMs: number
    readonly healMs: number
  }): void
}

/** Written at once by nobody: how far apart an entry and its reply are at most. */
export function createRedis(deps: {
  readonly schedule: Schedule
  readonly random: Random
  readonly history: History
  readonly limits: BoardLimits
}): Redis {
  const { schedule, random, history, limits } = deps
  let started = 0
  let current: OwnServer | undefined
  let deposed: OwnServer | undefined
  let goneSinceMs = Number.POSITIVE_INFINITY

  /** After each end and each beginning. */
  function look(): void {
    const isGone = current === undefined && deposed === undefined
    goneSinceMs = isGone ? Math.min(goneSinceMs, schedule.nowMs()) : Number.POSITIVE_INFINITY
  }

  function start(entries: Entry[]): OwnServer {
    started += 1
    const runId = `run${started}`
    const state = createBoardState(limits)
    for (const { command, runId: ofEntry } of entries) command(state, ofEntry)
    const machine = createMachine({
      ...{ name: runId, schedule, random: random.fork(), rate: 1, beganMs: 0, wallAtStartMs: 0 },
    })
    history.say(schedule.nowMs(), `Redis ${runId} begins with ${entries.length} writes`)
    return createServer({ runId, state, machine, entries, schedule })
  }

  /** What is left of a server's writes if all after `untilMs` is lost. */
  const prefix = (of: OwnServer, untilMs: number) => of.entries.filter((one) => one.atMs <= untilMs)

  current = start([])
  return {
    lead: (isLeftBehind) => (isLeftBehind && deposed !== undefined ? deposed : current),
    running: () => [current, deposed].filter((one) => one !== undefined),
    goneSinceMs: () => goneSinceMs,
    restart({ downMs, lostMs }) {
      if (current === undefined) return
      const old = current
      const left = prefix(old, schedule.nowMs() - lostMs)
      history.say(schedule.nowMs(), `Redis ${old.runId} dies, ${lostMs.toFixed(0)} ms are lost`)
      current = undefined
      old.end()
      look()
      schedule.plan(schedule.nowMs() + downMs, () => {
        current = start(left)
        look()
      })
    },
    failOver({ detectMs, lostMs, fenceMs, healMs }) {
      if (current === undefined || deposed !== undefined) return
      const old = current
      const splitMs = schedule.nowMs()
      const left = prefix(old, splitMs - lostMs)
      history.say(splitMs, `Redis ${old.runId} is cut off from its replicas`)
      deposed = old
      current = undefined
      old.fence(splitMs + fenceMs)
      schedule.plan(splitMs + detectMs, () => {
        current = start(left)
        look()
      })
      schedule.plan(splitMs + Math.max(healMs, detectMs + 1), () => {
        history.say(schedule.nowMs(), `Redis ${old.runId} is found out and ends`)
        deposed = undefined
        old.end()
        look()
      })
    },
  }
}

function createServer(deps: {
  readonly runId: string
  readonly state: BoardState
  readonly machine: Machine
  readonly entries: Entry[]
  readonly schedule: Schedule
}): OwnServer {
  const { runId, state, machine, entries, schedule } = deps
  const connections = new Set<{ lost(): void }>()
  const listeners: Server['listeners'] = new Set()
  let isUp = true
  let fencedAtMs = Number.POSITIVE_INFINITY

  return {
    ...{ runId, machine, connections, listeners, entries },
    isUp: () => isUp,
    execute(command, isWrite) {
      if (isWrite && schedule.nowMs() >= fencedAtMs) {
        throw new Fault('store_unavailable', { about: 'NOREPLICAS' })
      }
      const value = command(state, runId)
      if (isWrite) entries.push({ atMs: schedule.nowMs(), runId, command })
      return value
    },
    publish(channel, words) {
      for (const hear of listeners) hear(channel, words)
    },
    fence(atMs) {
      fencedAtMs = atMs
    },
    end() {
      isUp = false
      machine.kill()
      listeners.clear()
      const all = [...connections]
      connections.clear()
      for (const one of all) one.lost()
    },
  }
}
