import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDecisions } from '../../src/authorizer/decisions.ts'
import { createExplain } from '../../src/authorizer/explain.ts'
import { wonderAbout } from '../../src/authorizer/explain-kept.ts'
import { renderExplanation } from '../../src/command/explain-print.ts'
import { findDecidingRow } from '../../src/core/explain.ts'
import { createFindings, type Findings } from '../../src/core/findings.ts'
import { REASONS, type Reason } from '../../src/core/reason.ts'
import { deny, GRANT_ANYONE } from '../../src/core/verdict.ts'
import { createDecisionIds } from '../../src/gateway/decision-id.ts'
import { checkOf, factsOf, NOW, policyOf } from '../core/facts.ts'
import { networks } from '../gateway/opened.ts'

const { principal, session } = factsOf()

function open() {
  const ids = createDecisionIds({ run: 'tests', key: new Uint32Array(4) })
  const decisions = createDecisions({
    ...{ ids, keptMax: 4, nowMs: () => NOW, epoch: () => '1.a', appliedSeq: () => 5 },
    policy: () => policyOf(),
    decidingRow: (policy, { method, path, reason, principal: whose }) =>
      findDecidingRow(policy, { method, path, reason, role: whose?.role }),
  })
  const explain = createExplain({
    stores: {
      facts: {
        load: async () => ({ epoch: '1.a', seq: 5, found: factsOf() }),
        touch: async () => {},
      },
      keys: { load: async () => ({ epoch: '1.a', seq: 5, found: undefined }) },
      principals: { load: async () => principal },
    },
    ...{ table: { peek: () => undefined }, knownKeys: { peek: () => undefined } },
    ...{ isSealed: () => true, nowMs: () => NOW, idleMs: 1000, lifetimeMs: 5000, run: 'tests' },
    ...{ issuer: 'dvara', tokenTtlMs: 60_000, policy: () => policyOf(), isStale: () => false },
    ...{ leaseRemainingMs: () => 1500, epoch: () => '1.a', appliedSeq: () => 7 },
    trustedGateways: networks('127.0.0.1'),
    findPlace: () => undefined,
  })

  /** Keeps a decision, and prints its explanation. */
  async function print(reason: Reason | 'none', found: Partial<Findings>, path = '/app') {
    const number = ids.next()
    const answer = reason === 'none' ? GRANT_ANYONE : deny(reason)
    const findings = { ...createFindings(), policyVersion: 1, ...found }
    decisions.keep('nginx', answer, checkOf({ path }), 9, number, findings)
    const slot = decisions.find(ids.print(number))
    assert.ok(slot !== undefined)
    const explanation = await explain(wonderAbout(slot, undefined), decisions.show(slot))
    return { explanation, text: renderExplanation(explanation, true) }
  }
  return { print }
}

for (const reason of Object.keys(REASONS) as Reason[]) {
  test(`a kept ${reason} says what it means and what to do`, async () => {
    const { text, explanation } = await open().print(reason, {
      ...{ credential: 'session', source: 'store', principal, sessionHash: session.hash },
    })
    assert.match(
      text,
      new RegExp(`^Decision tests.*: denied, ${reason.replaceAll('.', '\\.')}$`, 'm'),
    )
    assert.ok(text.includes(REASONS[reason].means))
    assert.ok(text.includes(`What to do: ${REASONS[reason].remedy}`))
    assert.equal(explanation.decision?.reason, reason)
    const isSame = explanation.trace.reason === reason
    assert.equal(isSame, !explanation.differs.some((each) => each.startsWith('the verdict')))
  })
}

test('an allowed one names the row that allowed it, then and now', async () => {
  const { text } = await open().print('none', {
    ...{ credential: 'session', source: 'memory', principal, sessionHash: session.hash },
  })
  assert.match(text, /^ {2}row {9}member ALL \/app ACCEPT$/m)
  assert.match(text, /^Allowed, by permission 1 \(member ALL \/app ACCEPT\)$/m)
  assert.match(text, /^Nothing differs from the decision\.$/m)
})

test('what else would be wrong is marked as not asked', async () => {
  const { text } = await open().print('authz.csrf_token_mismatch', { credential: 'session' })
  assert.match(text, /✗ session .*authz\.csrf_token_mismatch/)
})

test('nothing that a client chose steers the terminal', async () => {
  const { text } = await open().print('authz.invalid_session', {}, '/a\u001b[2Jb\u202ec\u2028d')
  for (const char of '\u001b\u202e\u2028') assert.ok(!text.includes(char))
  assert.match(text, /\/a\\u\{1b\}\[2Jb\\u\{202e\}c\\u\{2028\}d/)
})
