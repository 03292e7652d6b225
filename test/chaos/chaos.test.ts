import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { after, before, test } from 'node:test'
import { type ChaosOptions, runChaos } from './chaos.ts'
import type { FaultName } from './faults.ts'
import type { History } from './history.ts'
import { isUnsafe, judge } from './judge.ts'
import { renderRows, renderViolations } from './report.ts'
import { createRandom } from './run.ts'
import { type Stand, startStand } from './stand.ts'
import { tally } from './tally.ts'

const LEASE_MS = 1_000
const WORKERS_COUNT = 3
const random = createRandom('probes')
/** The hole is before an authorizer and swallows what it is sent; Redis comes back empty. */
const chance = () => 0.4

let stand: Stand

before(async () => {
  stand = await startStand({
    ...{ workersCount: WORKERS_COUNT, identitiesCount: 2, hasReplica: false },
    ...{ leaseMs: LEASE_MS, heartbeatMs: 125, fenceMs: 0, random, say: () => undefined },
  })
})
after(() => stand?.stop())

async function run(faults: readonly FaultName[], change: Partial<ChaosOptions> = {}) {
  const { history, log, broken } = await runChaos({
    ...{ stand, random, chance, faults },
    ...{ untilMs: performance.now() + 20_000, probesMax: Number.POSITIVE_INFINITY },
    ...{ longestMs: 1_200, calmMs: 300 },
    ...{ probersPerWorker: 8, probePauseMs: 10, handsCount: 6, changePauseMs: 20, keptCount: 6 },
    ...{ endedBefore: 0, say: () => undefined },
    ...change,
  })
  assert.equal(broken, undefined)
  const told = tally(history, log)
  const rows = judge(history, told)
  const report = [
    ...[renderRows(rows), renderViolations(history, told)],
    ...history.strikes.map(({ fault, about }) => `${fault} ${about}`),
  ].join('\n')
  return { history, told, report, isUnsafe: isUnsafe(history, told) }
}

const KINDS = new Set<string>(['logout', 'ban', 'role cut', 'key disable'])

function kindsInForce({ changes }: History): Set<string> {
  return new Set(changes.flatMap(({ kind, ackMs }) => (ackMs ? [kind] : [])))
}

/** Fewer of a kind would be luck. */
const CHECKS_AFTER_ACK_MIN = 500
const CUT_OFF_CHECKS_MIN = 10
/** A machine that is too busy probes and acknowledges less: it is struck again. All must hold. */
const RUNS_MAX = 4

test('pushes lost, a black hole, Redis killed, one stopped: nothing comes back', async () => {
  const faults: FaultName[] = ['R7', 'R6', 'R4', 'R1']
  const seen = { kinds: new Set<string>(), checksAfterAck: 0, cutOffChecks: 0, reports: '' }
  const isEnough = () =>
    seen.kinds.size === KINDS.size &&
    seen.checksAfterAck > CHECKS_AFTER_ACK_MIN &&
    seen.cutOffChecks > CUT_OFF_CHECKS_MIN
  for (let runs = 0; runs < RUNS_MAX && !isEnough(); runs++) {
    const { history, told, report, isUnsafe: isBad } = await run(faults)
    assert.equal(isBad, false, report)
    assert.equal(history.strikes.length, faults.length)
    assert.ok(
      told.strikes.every(({ backAfterMs }) => backAfterMs.every(Number.isFinite)),
      report,
    )
    for (const kind of kindsInForce(history)) seen.kinds.add(kind)
    seen.checksAfterAck += told.checksAfterAck
    seen.cutOffChecks += told.cutOffChecks
    seen.reports += `${report}\n`
  }
  assert.deepEqual(seen.kinds, KINDS)
  assert.ok(isEnough(), seen.reports)
})

test('an authorizer that is lied to about the log is found out', async () => {
  const { redis } = stand.workers[0] as Stand['workers'][number]
  redis.set({ dropPushes: 1, forge: createLiar() })
  const { told, report } = await run([], { calmMs: 2 * LEASE_MS + 1_000 })
  redis.heal()
  assert.ok(told.violations.length > 0, report)
  assert.ok(
    told.violations.every(({ worker }) => worker === 0),
    report,
  )
})

test('an authorizer that believes longer than the identity API thinks is found out', async () => {
  const replaced = stand.workers.map((_, at) =>
    stand.replaceWorker(at, { DVARA_LEASE_MS: '10000' }),
  )
  await Promise.all(replaced)
  let seen = await run(['R6', 'R6'])
  // On a machine that is busy few changes fall into the cut, and few probes after them.
  for (let more = 0; more < 3 && seen.told.violationsCount === 0; more++) {
    seen = await run(['R6', 'R6'])
  }
  assert.ok(seen.told.violationsCount > 0, seen.report)
  assert.ok(seen.told.cutOffAllows > 0, seen.report)
})

/** An answer that begins with what the log was at: epoch, number of its last entry. */
const AT_HEAD = /^(\*\d+\r\n\$\d+\r\n\d+\.[0-9a-f]{40}\r\n)(?:\$\d+\r\n|:)(\d+)\r\n/

/** Says of every answer that it was given at the first head of the log that passed. */
function createLiar(): (bytes: Buffer) => Buffer {
  let frozen: string | undefined
  return (bytes) => {
    const found = AT_HEAD.exec(bytes.toString('latin1', 0, HEAD_BYTES_MAX))
    if (found === null) return bytes
    const [whole, before = '', seq = ''] = found
    frozen ??= seq
    const lie = Buffer.from(`${before}$${frozen.length}\r\n${frozen}\r\n`, 'latin1')
    return Buffer.concat([lie, bytes.subarray(whole.length)])
  }
}

const HEAD_BYTES_MAX = 160
