import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelfAudit } from '../../src/authorizer/self-audit.ts'
import { Fault } from '../../src/core/fault.ts'
import { createFindings } from '../../src/core/findings.ts'
import { GRANT_ANYONE } from '../../src/core/verdict.ts'
import { factsOf } from '../core/facts.ts'

const FACTS = factsOf()
const RAISED = { ...FACTS, principal: { ...FACTS.principal, version: 1e6 } }

const CASES = [
  { name: 'the same facts', found: FACTS, seq: 7, outcome: 'same' },
  { name: 'a session that is gone', found: undefined, seq: 7, outcome: 'mismatch' },
  { name: 'a principal that was changed', found: RAISED, seq: 7, outcome: 'mismatch' },
  { name: 'a change not applied here yet', found: undefined, seq: 8, outcome: 'explained' },
  { name: 'another filling', found: undefined, seq: 7, epoch: '2.b', outcome: 'explained' },
  { name: 'no answer', found: undefined, seq: 0, isAway: true, outcome: 'unknown' },
] as const

for (const { name, found, seq, outcome, ...more } of CASES) {
  test(`${name}: ${outcome}`, async () => {
    const counted: string[] = []
    const mismatches: object[] = []
    let loads = 0
    const audit = createSelfAudit({
      every: 3,
      facts: {
        async load() {
          loads++
          if ('isAway' in more) throw new Fault('store_timeout')
          return { epoch: 'epoch' in more ? more.epoch : '1.a', seq, found }
        },
      },
      follower: { epoch: () => '1.a', appliedSeq: () => 7 },
      count: (one) => counted.push(one),
      onMismatch: (one) => mismatches.push(one),
    })
    const { principal, session } = FACTS
    const seen = { ...createFindings(), source: 'memory', principal, sessionHash: session.hash }
    const answered = (change: object = {}) =>
      audit('nginx', GRANT_ANYONE, undefined, 1, 1, { ...seen, ...change } as typeof seen & {
        source: 'memory'
      })
    answered({ source: 'store' })
    for (let n = 0; n < 3; n++) answered()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([loads, counted], [1, [outcome]])
    assert.equal(mismatches.length, outcome === 'mismatch' ? 1 : 0)
    assert.ok(!JSON.stringify(mismatches).includes(session.hash))
  })
}
