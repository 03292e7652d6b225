import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runJob } from './job.ts'
import { MUTANTS } from './mutants.ts'

for (const [index, { name }] of MUTANTS.entries()) {
  test(`a product that ${name} is found out`, async () => {
    const done = await runJob({ kind: 'mutant', index, from: 1 })
    assert.ok(done.kind === 'mutant' && done.by !== undefined, `${name} survives`)
  })
}
