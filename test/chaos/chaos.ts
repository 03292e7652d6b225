import { Agent } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { send } from '../process/stack.ts'
import { createCredentials } from './credentials.ts'
import { watchDeaths } from './deaths.ts'
import { FAULTS, type FaultName, type Scene } from './faults.ts'
import type { History, HitCount, Strike } from './history.ts'
import { readNumbers, watchLog } from './log-watch.ts'
import { createProbeLog, type ProbeLog } from './probe-log.ts'
import { startProber } from './probers.ts'
import type { Stand } from './stand.ts'
import { startWriter } from './writer.ts'

export interface ChaosOptions {
  readonly stand: Stand
  /** From 0 to 1. Faults draw from a well of their own, so that a seed repeats them. */
  readonly random: () => number
  readonly chance: () => number
  /** What to strike with, one after another, until it ends or the time is over. */
  readonly faults: Iterable<FaultName>
  readonly untilMs: number
  /** It ends as early as this many probes are answered. */
  readonly probesMax: number
  readonly longestMs: number
  readonly calmMs: number
  readonly probersPerWorker: number
  readonly probePauseMs: number
  readonly handsCount: number
  readonly changePauseMs: number
  readonly keptCount: number
  readonly endedBefore: number
  readonly say: (line: string) => void
}

export interface Seen {
  /** The stand could not go on, as when a server did not come back: what is known is told. */
  readonly broken: string | undefined
  readonly history: History
  readonly log: ProbeLog
}

const PROGRESS_MS = 5_000
const HITS_EVERY_MS = 1_000
const LATENESS_MS = 20

/** Asks, takes away and strikes, all at once; what was seen of it. */
export async function runChaos(options: ChaosOptions): Promise<Seen> {
  const { stand, random, say } = options
  const log = createProbeLog()
  const credentials = createCredentials(random)
  const logWatch = watchLog(() => stand.primary.port)
  const { handsCount, keptCount, changePauseMs: pauseMs } = options
  const writer = await startWriter({ stand, credentials, random, handsCount, keptCount, pauseMs })
  const probers = stand.workers.flatMap(({ port }, worker) =>
    Array.from({ length: options.probersPerWorker }, () =>
      startProber({ worker, port, log, next: credentials.next, pauseMs: options.probePauseMs }),
    ),
  )
  const strikes: Strike[] = []
  let broken: string | undefined
  const stalls = watchStalls()
  const deaths = watchDeaths(stand)
  const hits = watchHits(stand)
  const progress = setInterval(() => {
    const acked = writer.changes.filter(({ ackMs }) => ackMs !== undefined).length
    say(`${log.count} probes, ${acked} acknowledged changes, ${strikes.length} faults`)
  }, PROGRESS_MS)
  try {
    await pause(options.calmMs)
    for (const name of options.faults) {
      const strike = await strikeWith(name, options).catch((cause: unknown) => {
        broken = `${name} could not be carried through: ${String(cause)}`
      })
      if (strike === undefined) break
      strikes.push(strike)
      say(`${name} ${strike.about}`)
      await pause(options.calmMs)
      broken = deaths.first()
      if (broken !== undefined) break
      if (performance.now() >= options.untilMs || log.count >= options.probesMax) break
    }
    await pause(stand.leaseMs)
    await writer.stop()
    broken ??= deaths.first()
  } finally {
    clearInterval(progress)
    for (const prober of probers) prober.stop()
    stalls.close()
    deaths.close()
    hits.close()
    logWatch.close()
  }
  const { leaseMs, fenceMs, workers } = stand
  const { changes, kept } = writer
  const loggedMs = logWatch.loggedMs(await readNumbers(stand.postgres.url, changes))
  return {
    ...{ log, broken },
    history: {
      ...{ leaseMs, fenceMs, workersCount: workers.length, changes, kept, strikes },
      ...{ loggedMs, hits: hits.counts, stalls: stalls.stalls },
      endedBefore: options.endedBefore,
    },
  }
}

async function strikeWith(fault: FaultName, options: ChaosOptions): Promise<Strike> {
  const { stand, chance, longestMs } = options
  const fromMs = performance.now()
  let untilMs = Number.POSITIVE_INFINITY
  const scene: Scene = {
    ...{ stand, random: chance, longestMs, pause: (ms: number) => pause(ms) },
    healed() {
      untilMs = performance.now()
    },
  }
  const {
    about,
    workers = [],
    isCutOff = false,
    isStopped = false,
  } = await FAULTS[fault].strike(scene)
  return { fault, about, fromMs, untilMs, workers, isCutOff, isStopped }
}

/** Notes when this process was late: then its probers were, too. */
function watchStalls() {
  const stalls: { atMs: number; lateMs: number }[] = []
  let expectedMs = performance.now() + LATENESS_MS
  const timer = setInterval(() => {
    const atMs = performance.now()
    const lateMs = atMs - expectedMs
    if (lateMs > LATENESS_MS) stalls.push({ atMs, lateMs })
    expectedMs = atMs + LATENESS_MS
  }, LATENESS_MS)
  return { stalls, close: () => clearInterval(timer) }
}

/** Asks each authorizer now and then how many questions its memory could answer. */
function watchHits(stand: Stand) {
  const counts: HitCount[] = []
  const agent = new Agent({ keepAlive: true })
  const busy = new Set<number>()
  const timer = setInterval(() => {
    for (const [worker, { opsUrl }] of stand.workers.entries()) {
      if (!busy.has(worker)) void look(worker, opsUrl)
    }
  }, HITS_EVERY_MS)

  async function look(worker: number, opsUrl: string): Promise<void> {
    busy.add(worker)
    const page = await send(agent, `${opsUrl}/metrics`, 'GET', {}).then(
      ({ body }) => body,
      () => undefined,
    )
    busy.delete(worker)
    if (page === undefined) return
    const hits = sumOf(page, /^dvara_cache_hits_total\{.*\} (\d+)$/gm)
    // What was taken away is missed each time it is asked about, and is no matter of warmth.
    const misses = sumOf(page, /^dvara_loads_total\{.*outcome="found".*\} (\d+)$/gm)
    counts.push({ atMs: performance.now(), worker, hits, misses })
  }
  return {
    counts,
    close() {
      clearInterval(timer)
      agent.destroy()
    },
  }
}

function sumOf(page: string, line: RegExp): number {
  return [...page.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0)
}
