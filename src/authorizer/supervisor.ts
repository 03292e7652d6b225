import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { runOf } from '../gateway/decision-id.ts'
import { createExposition } from '../telemetry/exposition.ts'
import type { OperationAnswer, Readiness } from '../telemetry/ops.ts'
import { type MetricsSnapshot, mergeSnapshots } from '../telemetry/snapshot.ts'
import {
  askMember,
  askReports,
  type Crew,
  type CrewOptions,
  createCrew,
  dismiss,
  dismissAll,
  launch,
} from './crew.ts'
import {
  type Ask,
  FAILED,
  mergeDecisions,
  mergeShadows,
  type Question,
  unknownDecision,
} from './operations.ts'

/** N processes on one port: the dead are replaced, and all can be replaced one by one. */
export interface Supervisor {
  /** Resolves once all listen; rejects with WorkerFailed if one cannot start. */
  start(): Promise<void>
  /** One /metrics for all: the living, and what the dead had counted. */
  loadMetrics(): Promise<string>
  readiness(): Readiness
  /** Asks the worker that knows, or all. */
  readonly ask: Ask
  /** Replaces every worker, each once its successor can decide. Calls do not overlap. */
  restart(): Promise<void>
  /** No failed request: each worker finishes what it has begun. */
  drain(): Promise<void>
}

export interface SupervisorOptions extends CrewOptions {
  readonly workersCount: number
}

/** How often readiness is asked for, so that a prober gets an answer at once. */
const POLL_EVERY_MS = 500
/** Whoever starts takes a core for about as long; a worker that waits for a store takes none. */
const NEXT_WORKER_AFTER_MS = 1_000

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { workersCount, log } = options
  const crew = createCrew(options)
  const exposition = createExposition()
  let restarting: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  function poll(): void {
    timer = setTimeout(() => {
      void askReports(crew).finally(() => crew.isDraining || poll())
    }, POLL_EVERY_MS)
  }

  /** As many at a time as there are cores: all at once, none would be up before the last. */
  async function startAll(): Promise<void> {
    const launched: Promise<void>[] = []
    async function startSome(): Promise<void> {
      while (launched.length < workersCount) {
        const launching = launch(crew)
        launched.push(launching)
        await Promise.race([launching, pause(NEXT_WORKER_AFTER_MS)])
      }
    }
    await Promise.all(Array.from({ length: availableParallelism() }, startSome))
    await Promise.all(launched)
  }

  async function replaceAll(): Promise<void> {
    for (const member of [...crew.members.values()]) {
      if (crew.isDraining) return
      await launch(crew)
      await dismiss(crew, member)
    }
    log.info('all workers were replaced')
  }

  return {
    async start() {
      await startAll()
      await askReports(crew)
      poll()
    },
    async loadMetrics() {
      await askReports(crew)
      const snapshots = [crew.retired, ...[...crew.members.values()].map((one) => one.snapshot)]
      const known = snapshots.filter((one): one is MetricsSnapshot => one !== undefined)
      const [first, ...more] = known
      return first === undefined ? '' : exposition.expose(mergeSnapshots([first, ...more]))
    },
    readiness: () => readinessOf(crew, workersCount),
    ask: (question) => askCrew(crew, question),
    restart() {
      restarting = restarting.then(replaceAll).catch((cause: unknown) => {
        log.error({ err: cause }, 'a successor could not start; the other workers stay')
      })
      return restarting
    },
    async drain() {
      crew.isDraining = true
      clearTimeout(timer)
      await dismissAll(crew)
      exposition.close()
    },
  }
}

/** A decision is known to the worker that made it; anything else to any, or to all together. */
async function askCrew(crew: Crew, question: Question): Promise<OperationAnswer> {
  const members = [...crew.members.values()].filter(({ isListening }) => isListening)
  if (question.kind === 'decisions') {
    const answers = await Promise.all(members.map((member) => askMember(crew, member, question)))
    return mergeDecisions(answers, question.query.limit)
  }
  if (question.kind === 'shadow') {
    return mergeShadows(
      await Promise.all(members.map((member) => askMember(crew, member, question))),
    )
  }
  if (question.id === undefined) {
    const [first] = members
    return first === undefined ? FAILED : askMember(crew, first, question)
  }
  const run = runOf(question.id)
  const maker = members.find((member) => member.names.run === run)
  return maker === undefined ? unknownDecision(question.id) : askMember(crew, maker, question)
}

/** Ready while one can decide; what ails the others is said all the same. */
function readinessOf(crew: Crew, workersCount: number): Readiness {
  const members = [...crew.members.values()]
  const problems = members.flatMap(({ readiness }) => readiness.problems)
  const missing = workersCount - members.filter(({ isListening }) => isListening).length
  if (missing > 0) problems.push(`${missing} of ${workersCount} workers are not up`)
  return { ready: members.some(({ readiness }) => readiness.ready), problems }
}

/** The port that all workers will share, chosen by the system if 0; rejects if it is taken. */
export function reservePort(at: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ ...at, exclusive: true }, () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : at.port
      probe.close(() => resolve(port))
    })
  })
}
