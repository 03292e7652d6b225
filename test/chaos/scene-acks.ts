import { setTimeout as pause } from 'node:timers/promises'
import type { Stack } from '../process/stack.ts'
import { type CallersApart, openCallersApart } from './callers-apart.ts'
import { cookieRequest } from './credentials.ts'
import { quantile, type Row } from './judge.ts'
import { numberOf, type SceneOptions, withStack } from './scene.ts'

const WORKERS = 16
/** Connections are shared out between the workers: most have one, some have several. */
const CALLERS = 64
const LOAD_SHARE = 0.5
const WARM_MS = 3_000
const PEAK_MS = 3_000
const REST_MS = 10
/** After each acknowledgement, by connections that lead to any worker. */
const PROBES_EACH = 2
const LOGOUTS_WANTED = 1_000
const P50_MS_MAX = 5
const P99_MS_MAX = 25
const SAY_EVERY = 100
const URI = '/api/v2/resource/users/me'
const SESSIONS_PATH = '/api/v2/identity/sessions'

/** `times` logouts, one after another, while all workers are asked half of what they can bear. */
export function playAcks({ times, say }: SceneOptions): Promise<Row> {
  return withStack({ DVARA_WORKERS: String(WORKERS) }, async (stack) => {
    const { cookie } = await stack.signIn()
    const { port } = stack.authorizer
    const request = cookieRequest(cookie, URI)()
    const callers = openCallersApart({ port, request, count: CALLERS })
    await pause(WARM_MS)
    const peak = await rateOf(callers, PEAK_MS)
    callers.pace((1_000 * CALLERS) / (LOAD_SHARE * peak))
    await pause(WARM_MS)
    say(`${wholeOf(peak)} checks a second at most`)
    const before = { count: await callers.count(), atMs: performance.now() }
    const sum = { wrong: 0, fast: 0, refused: 0 }
    const tookMs: number[] = []
    const inForceMs: number[] = []
    for (let played = 1; played <= times; played++) {
      // One at a time: how many sessions somebody may have is bounded.
      const { cookie: own } = await stack.signIn()
      const { ms, ofItMs, isFast, isServed, isAcknowledged } = await logOut(stack, own)
      if (!isServed || !isAcknowledged) sum.refused++
      // A 503 is no acknowledgement: nothing is promised of that session.
      if (isAcknowledged) {
        tookMs.push(ms)
        inForceMs.push(ofItMs)
        if (isFast) sum.fast++
        sum.wrong += await countAllows(stack, own)
      }
      if (played % SAY_EVERY === 0) say(`${played} logouts`)
      await pause(REST_MS)
    }
    const asked = (await callers.count()) - before.count
    const rate = (1_000 * asked) / (performance.now() - before.atMs)
    const failures = await callers.failures()
    await callers.stop()
    for (const all of [tookMs, inForceMs]) all.sort((one, other) => one - other)
    const [p50, p99] = [quantile(tookMs, 0.5), quantile(tookMs, 0.99)]
    const [ofP50, ofP99] = [quantile(inForceMs, 0.5), quantile(inForceMs, 0.99)]
    const isQuick = p50 <= P50_MS_MAX && p99 <= P99_MS_MAX
    const isRight = isQuick && sum.wrong === 0 && sum.refused === 0
    return {
      ...{ name: 'G2', goal: 'acknowledgement p50 ≤ 5 ms, p99 ≤ 25 ms with 16 workers' },
      outcome: !isRight ? 'fail' : times >= LOGOUTS_WANTED ? 'pass' : 'partly',
      measured:
        `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms of ${numberOf(times)} logouts, ` +
        `of it ${ofP50} and ${ofP99} ms from the record to being in force; ` +
        `${numberOf(sum.fast)} of them fast with ${WORKERS} of ${WORKERS} workers; ` +
        `${sum.refused} refused, ${sum.wrong} allowed afterwards; ` +
        `${wholeOf(rate)} checks a second meanwhile, ` +
        `${wholeOf(peak)} at most, ${tellOf(failures)}`,
      isSafety: sum.wrong > 0,
    }
  })
}

/** How many failed, and why the first of them did. */
function tellOf(failures: readonly string[]): string {
  const [why] = failures
  return `${failures.length} failed${why === undefined ? '' : ` (${why})`}`
}

const wholeOf = (value: number) => numberOf(Math.round(value))

async function rateOf(callers: CallersApart, forMs: number): Promise<number> {
  const [count, atMs] = [await callers.count(), performance.now()]
  await pause(forMs)
  return (1_000 * ((await callers.count()) - count)) / (performance.now() - atMs)
}

interface LoggedOut {
  readonly ms: number
  /** What its receipt says of that: from the first attempt until nobody can act against it. */
  readonly ofItMs: number
  readonly isFast: boolean
  /** Whether the session was allowed before, and its logout answered with 200. */
  readonly isServed: boolean
  readonly isAcknowledged: boolean
}

/** Somebody remembers it by now, as somebody would. */
async function logOut(stack: Stack, cookie: string): Promise<LoggedOut> {
  const { status } = await stack.ask({ cookie })
  const atMs = performance.now()
  const said = await stack.call('DELETE', SESSIONS_PATH, { cookie })
  const ms = performance.now() - atMs
  const receipt = String(said.headers['x-in-force'])
  const isFast = receipt.includes(`members=${WORKERS}/${WORKERS},`) && /fast$/.test(receipt)
  const ofItMs = Number(/ms=(\d+)/.exec(receipt)?.[1])
  return { ms, ofItMs, isFast, isServed: status === 200, isAcknowledged: said.status === 200 }
}

async function countAllows(stack: Stack, cookie: string): Promise<number> {
  let count = 0
  for (let probe = 0; probe < PROBES_EACH; probe++) {
    if ((await stack.ask({ cookie })).status === 200) count++
  }
  return count
}
