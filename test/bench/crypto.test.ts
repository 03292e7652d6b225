import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { CRYPTO_GOALS, KEY_TABLE_BYTES_MAX, REASONS } from '../../bench/budget.ts'
import { measureKeyMemory, measureOwn } from '../../bench/crypto/benchmark.ts'
import { bestOf, opensslRows, parseOpensslSpeed } from '../../bench/crypto/openssl.ts'
import { pageOf } from '../../bench/crypto/page.ts'
import type { Measured } from '../../bench/crypto/report.ts'
import { reportOf } from '../../bench/crypto/report.ts'
import { describeSetting } from '../../bench/machine.ts'
import type { Row } from '../../bench/micro/crypto-measure.ts'
import { adjustMeasuring } from '../../bench/micro/crypto-measure.ts'
import { plotRatios } from '../../bench/plot.ts'

let rows: readonly Row[]

before(() => {
  // One short round of each: what is asked here is which rows there are, not how fast.
  adjustMeasuring({ rounds: 1, roundNs: 1, warmUpNs: 1 })
  rows = measureOwn()
})

function measured(changed: Partial<Measured> = {}): Measured {
  return {
    setting: describeSetting('core 1, by taskset'),
    rows,
    coldStart: { medianMs: 40, minMs: 35, maxMs: 55, processorMs: 38, rounds: 9 },
    keyMemory: measureKeyMemory(),
    opensslSpeed: 'OpenSSL 3',
    rounds: 9,
    versions: { jose: '1.2.3' },
    ...changed,
  }
}

const withRatio = (pattern: RegExp, ratio: number) =>
  rows.map((row) => (pattern.test(row.name) ? { ...row, ratio } : row))

describe('the report', () => {
  test('has a row for each promise, with the fields that others read', () => {
    const report = JSON.parse(JSON.stringify(reportOf(measured())))
    assert.deepEqual(
      report.rows.map((row: { name: string }) => row.name),
      CRYPTO_GOALS.map((goal) => goal.name),
    )
    for (const row of report.rows) {
      assert.equal(typeof row.name, 'string')
      for (const key of ['ratio', 'min', 'max']) assert.equal(typeof row[key], 'number', key)
      for (const key of ['must', 'aim']) assert.equal(typeof row[key], 'boolean', key)
    }
    for (const key of ['machine', 'node', 'date', 'pinned']) {
      assert.equal(typeof report[key], 'string', key)
    }
  })

  test('keeps must and aim apart, both sides of each bound', () => {
    const single = (ratio: number) => {
      const changed = withRatio(/^EdDSA sign, single, against node:crypto$/, ratio)
      return reportOf(measured({ rows: changed })).rows[0]
    }
    assert.deepEqual([single(1.69)?.must, single(1.69)?.aim], [false, false])
    assert.deepEqual([single(1.7)?.must, single(2.19)?.aim], [true, false])
    assert.deepEqual([single(2.2)?.must, single(2.2)?.aim], [true, true])
  })

  test('does not keep a promise with tables larger than was allowed', () => {
    const keyMemory = [{ name: 'Ed25519', bytes: KEY_TABLE_BYTES_MAX + 1 }]
    const fast = withRatio(/^Ed25519 verify/, 100)
    const report = reportOf(measured({ rows: fast, keyMemory }))
    const verify = report.rows.filter((row) => row.name.startsWith('Ed25519 verify'))
    assert.deepEqual(
      verify.map((row) => row.must),
      [false, false],
    )
  })

  test('is not made when nothing answers for a promise, or two comparisons do', () => {
    const [first] = rows as [Row]
    assert.throws(() => reportOf(measured({ rows: rows.slice(1) })), /0 comparisons answer/)
    assert.throws(() => reportOf(measured({ rows: [...rows, first] })), /2 comparisons answer/)
  })

  test('tells of every comparison that was lost, and why', () => {
    const changed = withRatio(/^ES256 sign, 2|crypto\.hash/, 0.5)
    const lost = reportOf(measured({ rows: changed })).notFaster
    const named = lost.find((row) => row.name.includes('HMAC-SHA-256 verify, 43 B, against crypto'))
    assert.match(named?.why ?? '', /SHA instructions/)
    const unknown = { ...(rows[0] as Row), name: 'something else', ratio: 0.9 }
    const report = reportOf(measured({ rows: [...rows, unknown] }))
    assert.match(report.notFaster.at(-1)?.why ?? '', /Not explained yet/)
  })

  test('judges the cold start, both sides of its bound', () => {
    const at = (medianMs: number) =>
      reportOf(
        measured({ coldStart: { medianMs, minMs: 1, maxMs: 99, processorMs: 1, rounds: 9 } }),
      ).coldStart.must
    assert.equal(at(60), true)
    assert.equal(at(60.1), false)
  })
})

test('the tables of public keys are within what is allowed', () => {
  for (const { name, bytes } of measureKeyMemory()) {
    assert.ok(bytes > 0, name)
    if (name === 'Ed25519') assert.ok(bytes <= KEY_TABLE_BYTES_MAX, `${bytes}`)
  }
})

test('every reason is a sentence', () => {
  for (const { why } of REASONS) assert.match(why, /^[A-Z].*\.$/s)
})

describe('openssl speed', () => {
  const text = [
    '+F4:3:256:27614.000000:8026.000000',
    '+F6:0:253:Ed25519:10865.000000:3947.000000',
    '+H:43',
    '+F:9:hmac(sha256):43000000.00',
  ].join('\n')

  test('is read from its lines for machines', () => {
    assert.deepEqual(parseOpensslSpeed(text), {
      p256: { sign: 27614, verify: 8026 },
      ed25519: { sign: 10865, verify: 3947 },
      hmac: 1e6,
    })
  })

  test('is nothing where a line is missing', () => {
    assert.equal(parseOpensslSpeed(text.replace('F6', 'F7')), undefined)
    assert.equal(parseOpensslSpeed(''), undefined)
  })

  test('of two runs is whatever was quicker, row by row', () => {
    const speed = (sign: number, hmac: number) => ({
      version: 'OpenSSL 3',
      ed25519: { sign, verify: 2 },
      p256: { sign: 3, verify: 4 },
      hmac,
    })
    assert.deepEqual(bestOf(speed(10, 7), speed(9, 8)), speed(10, 8))
  })

  test('stands beside every row of ours that it has a like of', () => {
    const speed = parseOpensslSpeed(text)
    assert.ok(speed !== undefined)
    const beside = opensslRows({ version: 'OpenSSL 3', ...speed }, rows)
    assert.equal(beside.length, 7)
    const sign = beside[0] as Row
    assert.equal(sign.theirsNs, 1e9 / 10865)
    assert.equal(sign.ratio, sign.theirsNs / sign.oursNs)
  })
})

test('the page holds every row and leads to its picture', () => {
  const report = reportOf(measured())
  const page = pageOf(report, 'docs/plots/crypto.svg')
  for (const row of [...report.rows, ...report.comparisons]) assert.ok(page.includes(row.name))
  assert.ok(page.includes('(docs/plots/crypto.svg)'))
  assert.ok(page.includes('core 1, by taskset'))
})

test('the picture is SVG text with a bar for each row', () => {
  const svg = plotRatios('Title of it', reportOf(measured()).rows)
  assert.match(svg, /^<svg /)
  assert.ok(svg.includes('Title of it'))
  for (const { name } of CRYPTO_GOALS) assert.ok(svg.includes(name), name)
})
