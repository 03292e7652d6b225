import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { createRun } from '../gateway/decision-id.ts'
import type { ListenAt } from '../gateway/engine.ts'
import type { Log } from '../telemetry/log.ts'
import type { OperationAnswer, Readiness } from '../telemetry/ops.ts'
import { type MetricsSnapshot, mergeSnapshots, retireSnapshot } from '../telemetry/snapshot.ts'
import { FAILED, type Question } from './operations.ts'
import type { Order, Word, WorkerNames } from './words.ts'

/** One worker process as its supervisor sees it. */
export interface Member {
  readonly worker: Worker
  readonly startedAtMs: number
  readonly names: WorkerNames
  isListening: boolean
  isLeaving: boolean
  /** Called when it accepts no more connections. */
  onClosed: (() => void) | undefined
  snapshot: MetricsSnapshot | undefined
  readiness: Readiness
}

/** The workers of one supervisor. */
export interface Crew {
  readonly members: Map<number, Member>
  readonly listenAt: ListenAt
  readonly drainMs: number
  readonly log: Log
  /** Hears the name of each worker whose process has ended, however it did. */
  readonly onEnded: (worker: string) => void
  /** What the dead had counted. */
  retired: MetricsSnapshot | undefined
  isDraining: boolean
  /** Deaths in a row that came too soon after a start. */
  earlyDeaths: number
  reportId: number
  /** Who waits for which report. */
  readonly heard: Map<number, (workerId: number) => void>
  questionId: number
  /** Who waits for which answer. */
  readonly told: Map<number, (answer: OperationAnswer) => void>
}

export type CrewOptions = Pick<Crew, 'listenAt' | 'drainMs' | 'log' | 'onEnded'>

/** A worker that ended before it listened; what it had to say, it has said. */
class WorkerFailed extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`a worker ended with code ${exitCode} before it listened`)
    this.name = 'WorkerFailed'
    this.exitCode = exitCode
  }
}

/** A worker that dies sooner after its start than this waits before its successor starts. */
const SETTLED_AFTER_MS = 1000
const RESTART_DELAY_MS_MAX = 10_000
/** A worker is asked for its numbers; one that is stuck must not hold up the scrape. */
const REPORT_WITHIN_MS = 500
/** An explanation may ask a store. */
const ANSWER_WITHIN_MS = 2000
/** A worker that still runs so long after its time to drain is ended. */
const KILL_AFTER_MS = 2000
/** A worker that does not say so for longer is waited for no more. */
const CLOSED_WITHIN_MS = 100

const STARTING: Readiness = { ready: false, problems: ['a worker is starting'] }
const STUCK: Readiness = { ready: false, problems: ['a worker does not answer'] }

export function createCrew(given: CrewOptions): Crew {
  return {
    ...given,
    members: new Map(),
    retired: undefined,
    isDraining: false,
    earlyDeaths: 0,
    reportId: 0,
    heard: new Map(),
    questionId: 0,
    told: new Map(),
  }
}

/** Starts one worker. Resolves when it listens; rejects with WorkerFailed if it ends before. */
export function launch(crew: Crew): Promise<void> {
  const worker = cluster.fork()
  const member: Member = {
    worker,
    startedAtMs: Date.now(),
    names: {
      run: createRun(Math.random, new Set([...crew.members.values()].map((one) => one.names.run))),
      worker: randomBytes(12).toString('base64url'),
    },
    isListening: false,
    isLeaving: false,
    onClosed: undefined,
    snapshot: undefined,
    readiness: STARTING,
  }
  crew.members.set(worker.id, member)
  return new Promise((resolve, reject) => {
    worker.on('message', (word: Word) => {
      if (word.kind === 'up') {
        const isJoining = [...crew.members.values()].some((one) => one.isListening)
        order(worker, { kind: 'listen', at: crew.listenAt, isJoining, ...member.names })
      } else if (word.kind === 'report') hearReport(crew, member, word)
      else if (word.kind === 'told') crew.told.get(word.id)?.(word.answer)
      else if (word.kind === 'closed') member.onClosed?.()
      else {
        member.isListening = true
        resolve()
      }
    })
    // An order to a worker that is dying cannot be delivered; its exit says all there is to say.
    worker.on('error', () => {})
    worker.on('exit', (code, signal) => {
      // The system has said that the process is gone: nothing less may take it off the list.
      crew.onEnded(member.names.worker)
      bury(crew, member)
      reject(new WorkerFailed(code ?? 1))
      if (member.isListening && !member.isLeaving && !crew.isDraining) {
        replace(crew, member, code ?? signal)
      }
    })
  })
}

/** Keeps what the worker had counted: sums must not fall when a process ends. */
function bury(crew: Crew, { worker, snapshot }: Member): void {
  crew.members.delete(worker.id)
  if (snapshot === undefined) return
  const last = retireSnapshot(snapshot)
  crew.retired = crew.retired === undefined ? last : mergeSnapshots([crew.retired, last])
}

function replace(crew: Crew, dead: Member, endedBy: number | string): void {
  const livedMs = Date.now() - dead.startedAtMs
  crew.earlyDeaths = livedMs < SETTLED_AFTER_MS ? crew.earlyDeaths + 1 : 0
  const delayMs = delayOf(crew)
  const { pid } = dead.worker.process
  crew.log.error({ deadPid: pid, endedBy, livedMs, delayMs }, 'a worker died and is replaced')
  const launchLater = (waitMs: number): void => {
    setTimeout(() => {
      if (crew.isDraining) return
      launch(crew).catch(() => {
        crew.earlyDeaths++
        launchLater(delayOf(crew))
      })
    }, waitMs)
  }
  launchLater(delayMs)
}

/** At once after a single death; longer and longer where one follows on another. */
function delayOf({ earlyDeaths }: Crew): number {
  return earlyDeaths === 0 ? 0 : Math.min(100 * 2 ** earlyDeaths, RESTART_DELAY_MS_MAX)
}

/**
 * Tells the workers to finish, each when the one before accepts no more: whoever is sent away from
 * one knocks at the next, whose door must not close in that moment. Resolves when all are gone.
 */
export async function dismissAll(crew: Crew): Promise<void> {
  const gone: Promise<void>[] = []
  for (const member of [...crew.members.values()]) {
    const closed = new Promise<void>((resolve) => {
      member.onClosed = resolve
      setTimeout(resolve, CLOSED_WITHIN_MS).unref()
    })
    const left = dismiss(crew, member)
    gone.push(left)
    await Promise.race([closed, left])
  }
  await Promise.all(gone)
}

/** Tells a worker to finish, and ends it if it does not. Resolves when it is gone. */
export function dismiss(crew: Crew, member: Member): Promise<void> {
  member.isLeaving = true
  return new Promise((resolve) => {
    const kill = () => member.worker.process.kill('SIGKILL')
    const timer = setTimeout(kill, crew.drainMs + KILL_AFTER_MS)
    member.worker.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    order(member.worker, { kind: 'drain' })
  })
}

/** Asks every listening worker for its numbers; resolves when all said them, or time is up. */
export function askReports(crew: Crew): Promise<void> {
  const asked = [...crew.members.values()].filter((one) => one.isListening)
  const waiting = new Set(asked.map(({ worker }) => worker.id))
  if (waiting.size === 0) return Promise.resolve()
  const id = ++crew.reportId
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      crew.heard.delete(id)
      resolve()
    }
    const timer = setTimeout(() => {
      for (const one of asked) if (waiting.has(one.worker.id)) one.readiness = STUCK
      done()
    }, REPORT_WITHIN_MS)
    crew.heard.set(id, (workerId) => {
      waiting.delete(workerId)
      if (waiting.size === 0) done()
    })
    for (const { worker } of asked) order(worker, { kind: 'report', id })
  })
}

/** Asks one worker what an operator wants to know; FAILED if it does not say in time. */
export function askMember(
  crew: Crew,
  { worker }: Member,
  question: Question,
): Promise<OperationAnswer> {
  const id = ++crew.questionId
  return new Promise((resolve) => {
    const done = (answer: OperationAnswer): void => {
      clearTimeout(timer)
      crew.told.delete(id)
      resolve(answer)
    }
    const timer = setTimeout(() => done(FAILED), ANSWER_WITHIN_MS)
    crew.told.set(id, done)
    order(worker, { kind: 'ask', id, question })
  })
}

function hearReport(crew: Crew, member: Member, word: Extract<Word, { kind: 'report' }>): void {
  member.snapshot = word.snapshot
  member.readiness = word.readiness
  crew.heard.get(word.id)?.(member.worker.id)
}

function order(worker: Worker, what: Order): void {
  if (worker.isConnected()) worker.send(what)
}
