import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, History, Strike } from './history.ts'
import { isUnsafe, judge, quantile } from './judge.ts'
import { createProbeLog, type Probe } from './probe-log.ts'
import { tally } from './tally.ts'

const LEASE_MS = 1_000
const KEPT = 0
const TAKEN = 1

const LOGOUT: Change = {
  kind: 'logout',
  credentials: [TAKEN],
  ...{ requestedMs: 5_000, ackMs: 5_010, status: 200, path: undefined, entry: 'session x' },
}

const CUT: Strike = {
  ...{ fault: 'R6', about: 'nothing comes through', fromMs: 10_000, untilMs: 13_000 },
  ...{ workers: [1], isCutOff: true, isStopped: false },
}

function historyOf(change: Partial<History> = {}): History {
  return {
    ...{ leaseMs: LEASE_MS, fenceMs: 500, workersCount: 2, changes: [LOGOUT], strikes: [] },
    ...{ kept: new Map([[KEPT, 0]]), loggedMs: new Map([['session x', 5_005]]) },
    ...{ hits: [], stalls: [], endedBefore: 0 },
    ...change,
  }
}

function judged(probes: readonly Partial<Probe>[], change: Partial<History> = {}) {
  const log = createProbeLog()
  for (const probe of probes) {
    const startMs = probe.startMs ?? 6_000
    const usual = { startMs, endMs: startMs + 1, credential: KEPT, worker: 1 } as const
    log.add({ ...usual, verdict: 'allow', ...probe })
  }
  const history = historyOf(change)
  const told = tally(history, log)
  const rows = new Map(judge(history, told).map((row) => [row.name, row]))
  return { told, isUnsafe: isUnsafe(history, told), outcome: (name: string) => rows.get(name) }
}

const CASES: readonly [what: string, probe: Partial<Probe>, isViolation: boolean][] = [
  ['sent after the acknowledgement and accepted', { startMs: 5_010.1 }, true],
  ['sent as the acknowledgement came, and accepted', { startMs: 5_010 }, false],
  ['sent before, accepted long after', { startMs: 5_009, endMs: 9_000 }, false],
  ['sent after and refused', { startMs: 5_100, verdict: 'deny' }, false],
  ['sent after, and nobody can tell', { startMs: 5_100, verdict: 'unavailable' }, false],
]
for (const [what, probe, isViolation] of CASES) {
  test(`${what}: ${isViolation ? 'a violation' : 'none'}`, () => {
    const { told, isUnsafe: isBad } = judged([{ credential: TAKEN, ...probe }])
    assert.deepEqual([told.violationsCount, isBad], [isViolation ? 1 : 0, isViolation])
  })
}

test('an answer that is no acknowledgement promises nothing', () => {
  const changes = [{ ...LOGOUT, ackMs: undefined, status: 503 }]
  assert.equal(judged([{ credential: TAKEN }], { changes }).told.violationsCount, 0)
})

test('staleness counts from the entry of this change, not of an earlier one', () => {
  const changes = [{ ...LOGOUT, ackMs: undefined }]
  const ages = [6_004, 6_031].map((startMs) => {
    const { told, outcome } = judged([{ credential: TAKEN, startMs }], { changes })
    return [told.worstAgeMs, outcome('G4')?.outcome]
  })
  assert.deepEqual(ages, [
    [999, 'pass'],
    [1_026, 'fail'],
  ])
})

test('a primary that was replaced is believed for its fence longer', () => {
  const changes = [{ ...LOGOUT, ackMs: undefined }]
  const replaced = { ...CUT, fault: 'R10', fromMs: 4_900, untilMs: 7_000, isCutOff: false } as const
  const at = (startMs: number) =>
    judged([{ credential: TAKEN, startMs }], { changes, strikes: [replaced] }).outcome('G4')
  assert.equal(at(6_500)?.outcome, 'pass')
  assert.equal(at(6_531)?.outcome, 'fail')
})

test('whoever is cut off may accept until its lease is over, and not after', () => {
  const accepted = (startMs: number) => {
    const probes = [{ startMs }, { startMs: 13_100 }]
    const { told, outcome } = judged(probes, { strikes: [CUT] })
    return [told.cutOffChecks, told.cutOffAllows, outcome('G5')?.outcome]
  }
  assert.deepEqual(accepted(11_000), [0, 0, 'not measured'])
  assert.deepEqual(accepted(11_001), [1, 1, 'fail'])
  // Answered once it was healed: by a lease of its own.
  assert.deepEqual(accepted(12_999.5), [0, 0, 'not measured'])
})

test('how long it took until an authorizer served again', () => {
  const probes: Partial<Probe>[] = [
    { startMs: 12_000, verdict: 'unavailable' },
    { startMs: 13_100, verdict: 'unavailable' },
    { startMs: 13_200 },
  ]
  const { told, outcome } = judged(probes, { strikes: [CUT] })
  assert.deepEqual(told.strikes[0]?.backAfterMs, [Number.POSITIVE_INFINITY, 201])
  assert.match(outcome('G5')?.measured ?? '', /serves again after 201 ms/)
})

test('a slow answer is blamed on whoever stood still', () => {
  const late = { startMs: 10_500, endMs: 10_900, verdict: 'unavailable' } as const
  const p999 = (change: Partial<History>) =>
    Math.round(judged([late], change).told.unavailableMs[0] ?? -1)
  assert.equal(p999({}), 400)
  assert.equal(p999({ stalls: [{ atMs: 10_800, lateMs: 250 }] }), 150)
  assert.equal(p999({ strikes: [{ ...CUT, isStopped: true }] }), -1)
  assert.equal(judged([late]).outcome('G20')?.outcome, 'fail')
})

test('any status but 200, 401 and 403 breaks a promise', () => {
  assert.equal(judged([{ verdict: 'broken' }]).isUnsafe, true)
  assert.equal(judged([{ verdict: 'lost' }]).isUnsafe, false)
})

test('a goal that nothing was seen of is not measured, and says why', () => {
  const rows = judged([{}]).outcome
  for (const name of ['G6', 'G7', 'G8', 'G23']) {
    assert.equal(rows(name)?.outcome, 'not measured')
    assert.match(rows(name)?.measured ?? '', /^because /)
  }
})

test('a quantile of nothing is 0', () => {
  assert.deepEqual([quantile([], 0.5), quantile([1, 2, 3, 4], 0.5), quantile([1], 0.99)], [0, 3, 1])
})
