import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { hireWorker } from './crew.ts'
import { MUTANTS } from './mutants.ts'

const worker = hireWorker()
after(worker.dismiss)

for (const [index, { name }] of MUTANTS.entries()) {
  test(`a product that ${name} is found out`, async () => {
    const done = await worker.do({ kind: 'mutant', index, from: 1 })
    assert.ok(done.kind === 'mutant' && done.by !== undefined, `${name} survives`)
  })
}
