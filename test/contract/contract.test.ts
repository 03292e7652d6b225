import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { DIALECT_NAMES } from '../../src/core/check.ts'
import type { Proof } from '../attacks/row.ts'
import { AUDITS } from './audit.ts'
import type { Case } from './case.ts'
import { IDENTITY } from './identity.ts'
import { KEY_EDGES, KEYS } from './keys.ts'
import { RESTRICTIONS } from './restrictions.ts'
import { RULES } from './rules.ts'
import { FORGERIES, LIVES, SESSIONS } from './sessions.ts'
import { assertCase } from './world.ts'

/** Reference behaviour of Barong 2: what its clients have come to rely on, one number each. */
const CASES: readonly Case[] = [
  ...[...SESSIONS, ...KEYS, ...FORGERIES, ...RULES, ...LIVES, ...KEY_EDGES],
  ...[...RESTRICTIONS, ...AUDITS, ...IDENTITY],
]
const CASES_COUNT = 137

function assertProved([file, sentence]: Proof): void {
  const text = readFileSync(join(projectRoot, file), 'utf8')
  assert.ok(text.includes(sentence), `${file} does not say: ${sentence}`)
}

describe('reference behaviour of Barong 2', () => {
  for (const one of [...CASES].sort((a, b) => a.no - b.no)) {
    const { no, name, steps = [], proofs = [], differs, absent } = one
    const skip = absent ?? false
    const about = differs === undefined ? name : `${name} (otherwise here: ${differs})`
    test(`${no}: ${about}`, { skip }, async () => {
      for (const dialect of DIALECT_NAMES) if (steps.length > 0) await assertCase(one, dialect)
      proofs.forEach(assertProved)
    })
  }

  test('no number is missing, and none stands twice', () => {
    const numbers = CASES.map(({ no }) => no).sort((a, b) => a - b)
    assert.deepEqual(
      numbers,
      Array.from({ length: CASES_COUNT }, (_, at) => at + 1),
    )
  })

  test('each is asked, proved, or said to be about nothing that is here', () => {
    for (const { no, steps = [], proofs = [], absent } of CASES) {
      const isHeld = steps.length > 0 || proofs.length > 0
      assert.notEqual(isHeld, absent !== undefined, `case ${no}`)
    }
  })
})
