import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LOAD_GOALS } from '../../bench/budget.ts'
import { allocatedOf } from '../../bench/load/allocated.ts'
import { parseAnswer } from '../../bench/load/answer.ts'
import { familyOf, parsePerf, parseStat, readCpu } from '../../bench/load/cpu.ts'
import { goalsTable, isKept, reached, round } from '../../bench/load/figures.ts'
import { type Measurement, ratioOf } from '../../bench/load/measure.ts'
import { plotCosts, plotGrowth } from '../../bench/load/plot.ts'
import { checkOf, drawZipf, HOLE, requestOf, workloadOf } from '../../bench/load/workload.ts'

describe('what the kernel says', () => {
  test('CPU time is read behind a name with blanks and brackets', () => {
    const line = '7 (a) b (c)) S 1 7 7 0 -1 0 9 9 9 9 123 45 6 7 20 0 1 0'
    assert.deepEqual(parseStat(line), { userMs: 1230, kernelMs: 450, allMs: 1680 })
  })

  test('this process is the first of its family and has had CPU time', () => {
    assert.equal(familyOf(process.pid)[0], process.pid)
    const before = readCpu([process.pid])
    for (let turn = 0; turn < 1e7; turn++) Math.sqrt(turn)
    const { userMs, kernelMs, allMs } = readCpu([process.pid])
    assert.ok(userMs + kernelMs > 0 && allMs > before.allMs)
  })

  test('instructions are both numbers, or none where one is not counted', () => {
    const counted = '1200,,instructions:u,1,100.00,,\n800,,instructions:k,1,100.00,,\n'
    assert.deepEqual(parsePerf(counted), { user: 1200, kernel: 800 })
    assert.equal(parsePerf(counted.replace('800', '<not supported>')), undefined)
    assert.equal(parsePerf(''), undefined)
  })

  test('what was allocated is what collections found more than the one before had left', () => {
    const log = [
      '[9:0x1] 40 ms: Scavenge 10.0 (20.0) -> 6.0 (20.0) MB, 0.5 / 0.0 ms',
      '[9:0x1] 50 ms: Scavenge 8.0 (20.0) -> 6.5 (20.0) MB, 0.5 / 0.0 ms',
      '[9:0x1] 60 ms: Mark-Compact (reduce) 8.5 (20.0) -> 5.0 (20.0) MB, 5 / 0.0 ms',
    ].join('\n')
    assert.equal(allocatedOf(log) / 2 ** 20, (4 * 3) / 2)
    assert.ok(Number.isNaN(allocatedOf('')))
  })
})

describe('requests', () => {
  test('variants stand where the hole is', () => {
    const workload = workloadOf('/x', { A: '1', B: `b=${HOLE}; c` }, ['one', 'two'])
    assert.equal(requestOf(workload), 'GET /x HTTP/1.1\r\nA: 1\r\nB: b=one; c\r\n\r\n')
    assert.deepEqual(workload.variants, ['one', 'two'])
  })

  test('a check is asked as the shipped nginx asks', () => {
    const text = requestOf(checkOf({}))
    assert.match(text, /^GET \/authz\/nginx HTTP\/1\.1\r\nHost: app\.example\r\n/)
    assert.match(text, /\r\n\r\n$/)
  })

  test('of ten ranks the first is drawn ten times as often as the last', () => {
    let at = 0
    const drawn = drawZipf(10, 10_000, () => at++ / 10_000)
    const count = (rank: number) => drawn.filter((one) => one === rank).length
    assert.ok(Math.abs(count(0) / count(9) - 10) < 0.1)
    assert.equal(Math.max(...drawn), 9)
  })

  test('an answer is repeated without what engines add', () => {
    const head = 'HTTP/1.1 200 OK\r\nX-A: b\r\nDate: now\r\nContent-Length: 0\r\n\r\n'
    const answer = parseAnswer(head, '')
    assert.deepEqual(answer, {
      ...{ status: '200 OK', headers: [['X-A', 'b']], body: '', headBytes: head.length },
    })
  })
})

describe('promises', () => {
  const goal = LOAD_GOALS[0] as (typeof LOAD_GOALS)[number]

  test('each has its own figure, and an aim that is no weaker than what must be', () => {
    assert.equal(new Set(LOAD_GOALS.map(({ figure }) => figure)).size, LOAD_GOALS.length)
    for (const each of LOAD_GOALS) assert.ok(isKept(each, each.aim, each.must), each.name)
  })

  test('a bound is kept up to its slack, in either direction', () => {
    assert.ok(isKept({ ...goal, is: 'at most' }, 1.1, 1, 0.15))
    assert.ok(!isKept({ ...goal, is: 'at most' }, 1.2, 1, 0.15))
    assert.ok(isKept({ ...goal, is: 'at least' }, 0.9, 1, 0.15))
    assert.ok(!isKept({ ...goal, is: 'at least' }, 0.8, 1, 0.15))
  })

  test('the table says what was missed and why, and what nobody measured', () => {
    const spread = { median: goal.must + 1, min: goal.must, max: goal.must + 2 }
    assert.equal(reached(goal, spread), 'missed')
    const table = goalsTable({ [goal.figure]: spread })
    assert.ok(table.includes(goal.why))
    assert.match(table, /not measured/)
  })

  test('numbers are told by three digits', () => {
    assert.deepEqual([round(1.2345), round(0.0123), round(12_345.6)], ['1.23', '0.0123', '12,346'])
  })
})

test('a ratio is of two numbers of one round, and plots hold their names', () => {
  const measured = (name: string, ...cpus: number[]): Measurement => ({
    ...{ name, about: {}, headBytes: 400 },
    samples: cpus.map((cpuUs) => ({
      ...{ cpuUs, userUs: cpuUs, kernelUs: 0, perSecond: 1, p50Us: 1, p99Us: 1 },
      instructions: undefined,
    })),
  })
  const [one, other] = [measured('one', 2, 6, 4), measured('other', 1, 2, 4)]
  const ratio = ratioOf(one, other, ({ cpuUs }) => cpuUs)
  assert.deepEqual(ratio, { median: 2, min: 1, max: 3 })
  assert.match(plotCosts('costs', [one, other]), /^<svg[\s\S]*other {3}2\.0 µs/)
  assert.match(plotGrowth('growth', [{ name: 'rows', points: [[10, 1]] }]), /^<svg[\s\S]*rows/)
})
