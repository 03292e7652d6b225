import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { DIALECT_NAMES } from '../../src/core/check.ts'
import { HEADERS } from './headers.ts'
import { FAILURES, MEMORY } from './memory.ts'
import { MESSAGES, METHODS } from './messages.ts'
import { PATHS } from './paths.ts'
import type { Attempt, Proof, Row } from './row.ts'
import { KEYS, SESSIONS } from './sessions.ts'
import { LOGINS, TOKENS } from './tokens.ts'
import { answerTo } from './world.ts'

const ROWS: readonly Row[] = [
  ...[...PATHS, ...HEADERS, ...MESSAGES, ...METHODS, ...SESSIONS, ...KEYS],
  ...[...TOKENS, ...LOGINS, ...MEMORY, ...FAILURES],
]

async function assertRefuted(attempt: Attempt): Promise<void> {
  const { as, method = 'GET', target, expect } = attempt
  for (const dialect of DIALECT_NAMES) {
    const { heard, status, expected } = await answerTo(attempt, dialect)
    const about = `${dialect}, as ${as}: ${method.slice(0, 30)} ${target.slice(0, 80)} ${heard}`
    if (expect === 'deny') assert.ok(heard.startsWith('authz.'), about)
    else assert.equal(heard, expect, about)
    assert.equal(expected, heard, `the reference disagrees on ${about}`)
    assert.ok(status === 200 || (status >= 400 && status < 500), about)
  }
}

function assertProved([file, sentence]: Proof): void {
  const text = readFileSync(join(projectRoot, file), 'utf8')
  assert.ok(text.includes(sentence), `${file} does not say: ${sentence}`)
}

describe('numbered attacks', () => {
  for (const row of [...ROWS].sort((one, other) => one.no - other.no)) {
    if ('absent' in row) {
      test(`${row.no}: ${row.name}`, { skip: row.absent }, () => {})
    } else if ('proofs' in row) {
      test(`${row.no}: ${row.name} (proved elsewhere)`, () => row.proofs.forEach(assertProved))
    } else {
      test(`${row.no}: ${row.name}`, async () => {
        for (const attempt of row.attempts) await assertRefuted(attempt)
      })
    }
  }

  test('no number stands twice', () => {
    const numbers = ROWS.map(({ no }) => no)
    assert.equal(new Set(numbers).size, numbers.length)
  })
})
