import { readFile } from 'node:fs/promises'
import type { Loaded } from '../config/load.ts'
import { type ListenAddress, listenAddress } from '../config/parsers.ts'
import { leaseMsOf } from '../config/rules.ts'
import { Fault, type FaultCode } from '../core/fault.ts'
import type { Census } from '../store/members.ts'
import { openRoll } from '../store/roll.ts'
import { askOps } from './ask-ops.ts'
import { command } from './command.ts'
import { type Listener, readListener } from './members-metrics.ts'
import { renderMembers } from './members-print.ts'
import { reportOf, type Silent } from './members-report.ts'
import { findOpsPlace } from './ops-place.ts'

const AS_SHOULD_BE = 0
const AMISS = 1
const MISUSED = 2
const UNANSWERED = 3

const ANSWER_WITHIN_MS = 5000
const LISTENERS_MAX = 64

export const members = command({
  process: 'members',
  about: 'Show who has to hear of a logout, how far each is, and how long that took.',
  usage: `dvara members [--ops ADDRESS,ADDRESS,…] [--json] [settings]

  --ops ADDRESS,…   ops listeners of authorizers and identity APIs, each as its DVARA_OPS_LISTEN
                    has it; default: --ops-listen, else dev.json in the data directory
  --json            print one JSON document

From Redis (DVARA_REDIS_URL; without it not shown): the members with the time since when each is
listed, its last heartbeat and the last entry of the log it applied, and the head of the log.
From the ops listeners (/metrics): lease remaining, applied and head, gaps, fills refused and
epoch changes of authorizers; from identity APIs how long acknowledgements took, fast and slow.

Exit code 0: all is as it should be; 1: something is amiss, and said last; 2: the question cannot
be asked so; 3: nobody answered.`,
  own: { flags: ['json'], options: ['ops'] },
  async run(loaded) {
    const places = await readPlaces(loaded)
    if (places === undefined) {
      const expected = `--ops takes 1 to ${LISTENERS_MAX} addresses between commas`
      process.stderr.write(`dvara: ${expected}, each ${listenAddress.expects}\n`)
      return MISUSED
    }
    const [list, listeners] = await Promise.all([
      readList(loaded),
      Promise.all(places.map(askListener)),
    ])
    const report = reportOf({ list, listeners, leaseMs: leaseMsOf(loaded.config) })
    const isJson = loaded.flags.has('json')
    process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : renderMembers(report))
    if (report.list === null && report.listeners.length === 0) return UNANSWERED
    return report.amiss.length === 0 ? AS_SHOULD_BE : AMISS
  },
})

async function readPlaces(
  loaded: Loaded<'members'>,
): Promise<readonly ListenAddress[] | undefined> {
  const named = loaded.options.get('ops')
  if (named === undefined) return [await findOpsPlace(loaded)]
  const places = named.split(',').map((text) => listenAddress.parse(text.trim()))
  if (places.length > LISTENERS_MAX) return undefined
  const known = places.filter((place): place is ListenAddress => place !== undefined)
  return known.length === places.length ? known : undefined
}

/** What to do about a Redis that does not tell. */
const ADVICE: Partial<Record<FaultCode, string>> = {
  store_unavailable: 'is it running, and does DVARA_REDIS_URL lead to it?',
  store_timeout: 'it is stopped, or has too much to do: see its slow log',
  store_unsealed:
    'it has not been filled since it started; an identity API that reaches Postgres does that',
  store_rejected: 'its user lacks a right: docs/operations.md has the list',
  store_garbage: 'somebody else writes keys that begin with {dv}: give dvara a database of its own',
}

async function readList({ config }: Loaded<'members'>): Promise<Census | Silent | undefined> {
  if (config.redisUrl === undefined) return undefined
  let lost: Fault | undefined
  try {
    const roll = await openRoll({
      url: config.redisUrl.reveal(),
      ca: config.redisCaFile === undefined ? undefined : await readFile(config.redisCaFile, 'utf8'),
      commandTimeoutMs: ANSWER_WITHIN_MS,
      connectTimeoutMs: ANSWER_WITHIN_MS,
      onFault: (fault) => {
        lost = fault
      },
    })
    try {
      return await roll.census()
    } finally {
      roll.close()
    }
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    const fault = cause.code === 'store_unavailable' ? (lost ?? cause) : cause
    const advice = ADVICE[fault.code]
    return { problem: `Redis: ${fault.message}${advice === undefined ? '' : `; ${advice}`}` }
  }
}

async function askListener(place: ListenAddress): Promise<Listener | Silent> {
  const address = listenAddress.print(place)
  try {
    return { address, ...readListener(await getMetrics(place)) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const advice = 'is the process running? --ops names the listeners'
    return { problem: `no ops listener answers on ${address} (${why}): ${advice}` }
  }
}

async function getMetrics(place: ListenAddress): Promise<string> {
  const { status, text } = await askOps(place, { path: '/metrics', withinMs: ANSWER_WITHIN_MS })
  if (status !== 200) throw new Error(`it answered ${status}`)
  return text
}
