import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { LOAD_GOALS } from '../../bench/budget.ts'
import { claimsText, readKept, round } from '../../bench/load/figures.ts'
import { projectRoot } from '../../src/config/root.ts'

const read = (name: string) => readFileSync(join(projectRoot, name), 'utf8')
const kept = readKept()?.figures ?? {}

/** What stands between a page's markers of that name. */
function partOf(page: string, name: string): string {
  const [, after = ''] = page.split(`<!-- bench:${name} -->`)
  return after.split(`<!-- /bench:${name} -->`)[0]?.trim() ?? ''
}

/** A number with a unit of speed, or told in times. */
const SPEED = /\d[\d.,]*\s?(?:×|times\b|µs|ms\b|ns\b|\/s\b|rps|per second|a second|requests)/i

describe('what is said of speed', () => {
  test('in the README is what was measured last', () => {
    const hint = 'npm run bench -- page writes it again'
    assert.equal(partOf(read('README.md'), 'claims'), claimsText(kept), hint)
  })

  test('in the README stands nowhere else', () => {
    const readme = read('README.md')
    assert.doesNotMatch(readme.replace(partOf(readme, 'claims'), ''), SPEED)
  })

  test('is a row of the table of promises, each with its number', () => {
    const table = partOf(read('BENCHMARKS.md'), 'goals')
    for (const { name, figure, unit } of LOAD_GOALS) {
      const found = kept[figure]
      if (found === undefined) continue
      const row = table.split('\n').find((line) => line.startsWith(`| ${name} |`))
      assert.ok(row?.includes(`**${round(found.median)}${unit}**`), `${name}: ${row}`)
    }
  })

  test('is three sentences at most, of figures that were measured', () => {
    const spread = { median: 1.5, min: 1, max: 2 }
    assert.match(claimsText({ 'engine ratio': spread }), /takes 1\.5 times the CPU.*BENCHMARKS\.md/)
    assert.doesNotMatch(claimsText({}), SPEED)
  })
})
