import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quote, renderProblems } from '../../src/config/problem.ts'

test('problems are counted and listed, one a line', () => {
  const one = { setting: 'DVARA_WORKERS', text: '"0" is malformed' }
  assert.match(renderProblems([one]), /^1 problem in the configuration:\n {2}DVARA_WORKERS: "0"/)
  assert.match(renderProblems([one, one]), /^2 problems /)
})

test('a quoted value is one bounded line without credentials or unseen characters', () => {
  assert.equal(quote('a\nb'), '"a\\nb"')
  assert.equal(quote('x'.repeat(80)), `"${'x'.repeat(80)}"`)
  assert.equal(quote('x'.repeat(81)), `"${'x'.repeat(80)}…"`)
  assert.equal(quote('https://me:canary@host/x'), '"https://[secret]@host/x"')
  assert.equal(quote('https://me:can@ary@host/x'), '"https://[secret]@host/x"')
  assert.equal(quote('a\u202eb\u009b'), '"a?b?"')
})
