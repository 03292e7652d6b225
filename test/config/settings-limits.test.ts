import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rate } from '../../src/config/parsers.ts'
import { limiting } from '../../src/config/settings-limits.ts'

test('as shipped only wrong credentials are limited, and this machine is not', () => {
  assert.equal(limiting.rateRequestCost.fallback, 0)
  assert.equal(limiting.rateFailureCost.fallback, 10)
  assert.equal(rate.print(limiting.ratePerAddress.fallback), '500/s:5000')
  assert.equal(limiting.ratePerPrincipal.fallback, 'off')
  assert.equal(limiting.ratePerKey.fallback, 'off')
  assert.deepEqual(limiting.rateExempt.fallback, ['127.0.0.0/8', '::1/128'])
})

const SPELLINGS = [
  ['off', 'off'],
  ['5/s', { count: 5, windowMs: 1000, burst: 5 }],
  ['30/m:2', { count: 30, windowMs: 60_000, burst: 2 }],
  ['1000000/h', { count: 1e6, windowMs: 3_600_000, burst: 1e6 }],
  ['0/s', undefined],
  ['5/s:0', undefined],
  ['5/d', undefined],
  ['5', undefined],
  ['1000001/s', undefined],
  ['OFF', undefined],
] as const

for (const [text, value] of SPELLINGS) {
  const outcome = value === undefined ? 'refused' : 'a limit, printed as it was written'
  test(`${text} is ${outcome}`, () => {
    const read = rate.parse(text)
    assert.deepEqual(read, value)
    if (read !== undefined) assert.equal(rate.print(read), text)
  })
}
