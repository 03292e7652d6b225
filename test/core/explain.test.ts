import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSafeMethod } from '../../src/core/check.ts'
import type { Credential } from '../../src/core/credential.ts'
import { decide, screen, screenCredential } from '../../src/core/decide.ts'
import { type Explained, explain, findDecidingRow } from '../../src/core/explain.ts'
import { BINDINGS } from '../../src/core/policy.ts'
import { compileRules, type Permission } from '../../src/core/rule.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { AGENT, addressOf, CSRF, checkOf, factsOf, NOW, policyOf } from './facts.ts'

/** What the fast path says of the same. */
function decided({ check, policy, credential, facts, nowMs }: Explained): Verdict {
  return (
    screen(check, policy) ??
    screenCredential(check, credential, policy) ??
    decide(check, facts, policy, nowMs)
  )
}

const PATHS = ['/', '/app', '/APP/x', '/app/admin/x', '/application', '/public/x', '/PUBLIC/x']
PATHS.push('/public/internal', '/management', '/MANAGEMENT/y', '/nowhere', '/app/trade')
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE', 'PURGE']
const ROLES = ['member', 'admin']
const VERBS = ['ALL', 'GET', 'POST', 'PURGE', 'get']
const ADDRESSES = ['198.51.100.7', '198.51.1.1', '203.0.113.1', '2001:db8::1', '::1'].map(addressOf)
const AGENTS = [AGENT, 'curl/8', '']
const TOKENS = [undefined, '', CSRF, 'c0ffee00c0ffee00c0fe']
const KINDS = ['none', 'forged', 'ambiguous'] as const

const rows = fc.array(
  fc.record<Permission>({
    id: fc.nat(1000),
    role: fc.constantFrom(...ROLES),
    verb: fc.constantFrom(...VERBS),
    path: fc.constantFrom('/', 'app', '/app', '/App', '/app/admin', '/nowhere', '/app/trade'),
    action: fc.constantFrom('ACCEPT', 'ACCEPT', 'DROP', 'AUDIT'),
    topic: fc.constant(null),
  }),
  { maxLength: 8 },
)

const facts = fc
  .record({
    role: fc.constantFrom(...ROLES),
    state: fc.constantFrom('active', 'pending', 'banned', 'locked', ''),
    address: fc.constantFrom(...ADDRESSES),
    userAgent: fc.constantFrom(...AGENTS),
    csrfToken: fc.constantFrom(CSRF, CSRF, ''),
    endsInMs: fc.constantFrom(-1, 0, 1, 1000),
    idleInMs: fc.constantFrom(-1, 0, 1, 1000),
  })
  .map(({ role, state, address, userAgent, csrfToken, endsInMs, idleInMs }) =>
    factsOf({
      session: { address, userAgent, csrfToken, endsAtMs: NOW + endsInMs },
      principal: { role, state },
      idleAtMs: NOW + idleInMs,
    }),
  )

const questions = fc
  .record({
    method: fc.constantFrom(...METHODS),
    path: fc.constantFrom(...PATHS),
    address: fc.constantFrom(...ADDRESSES),
    userAgent: fc.constantFrom(...AGENTS),
    csrfToken: fc.constantFrom(...TOKENS),
    binding: fc.constantFrom(...BINDINGS),
    isCsrfRequired: fc.boolean(),
    rows,
    credential: fc.constantFrom(...KINDS, 'session' as const, 'session' as const),
    facts: fc.option(facts, { nil: undefined }),
  })
  .map((given): Explained => {
    const { method, path, address, userAgent, csrfToken, binding, isCsrfRequired } = given
    const credential = { kind: given.credential, id: '' } as Credential
    return {
      check: checkOf({ method, path, address, userAgent, csrfToken }),
      policy: policyOf({ binding, isCsrfRequired, rules: compileRules(given.rows).rules }),
      credential,
      // Without a session cookie there is nobody to find.
      facts: credential.kind === 'session' ? given.facts : undefined,
      nowMs: NOW,
    }
  })

test('it says what is decided: the verdict and the reason', () => {
  fc.assert(
    fc.property(questions, (asked) => {
      const verdict = decided(asked)
      const trace = explain(asked)
      assert.equal(trace.verdict, verdict.kind)
      assert.equal(trace.reason, verdict.kind === 'deny' ? verdict.reason : null)
    }),
    { numRuns: 5000 },
  )
})

test('every step is there once, and a denial names its step', () => {
  fc.assert(
    fc.property(questions, (asked) => {
      const { steps, verdict, decidedBy } = explain(asked)
      const names = steps.map(({ name }) => name)
      const all = ['routes', 'credential', 'csrf', 'session', 'idle', 'binding', 'state']
      assert.deepEqual(names, [...all, 'permissions'])
      const first = steps.find(({ outcome }) => outcome === 'deny' || outcome === 'allow')
      assert.equal(decidedBy, first?.name ?? null)
      if (verdict === 'deny') assert.equal(first?.outcome, 'deny')
    }),
  )
})

test('the row that is named decides: without it the verdict is another', () => {
  fc.assert(
    fc.property(questions, rows, (asked, given) => {
      const known = given.map((row, id) => ({ ...row, id }))
      const ruled = (left: readonly Permission[]): Explained => ({
        ...asked,
        policy: { ...asked.policy, rules: compileRules(left).rules },
      })
      const trace = explain(ruled(known))
      const step = trace.steps.find(({ name }) => name === 'permissions')
      const decisive = new Set((step?.rows ?? []).flatMap((row) => (row.decides ? [row.id] : [])))
      if (decisive.size === 0) return
      const without = explain(ruled(known.filter(({ id }) => !decisive.has(String(id)))))
      const other = without.steps.find(({ name }) => name === 'permissions')
      const isDropped = (step?.rows ?? []).some(({ says }) => says.endsWith(' DROP'))
      const isAcceptedElse = (other?.rows ?? []).some(({ says }) => says.endsWith(' ACCEPT'))
      assert.equal(other?.outcome, isDropped && isAcceptedElse ? 'pass' : 'deny')
    }),
  )
})

test('a kept decision names the row that this explanation names', () => {
  fc.assert(
    fc.property(questions, (asked) => {
      const { verdict, reason, row, decidedBy } = explain(asked)
      if (verdict === 'deny' && decidedBy !== 'permissions' && decidedBy !== 'routes') return
      const role = decidedBy === 'routes' ? undefined : asked.facts?.principal.role
      const { method, path } = asked.check
      const known = { method, path, role, reason: reason ?? ('none' as const) }
      assert.deepEqual(findDecidingRow(asked.policy, known) ?? null, row)
    }),
  )
})

test('all rows that match are listed, blocked and public ones too', () => {
  const check = checkOf({ path: '/app/admin/x', method: 'POST', csrfToken: CSRF })
  const asked: Explained = {
    ...{ check, policy: policyOf(), credential: { kind: 'session', id: '' } },
    ...{ facts: factsOf(), nowMs: NOW },
  }
  const { steps, row } = explain(asked)
  const rules = steps.find(({ name }) => name === 'permissions')
  assert.deepEqual(
    rules?.rows.map(({ id, decides }) => [id, decides]),
    [
      ['1', false],
      ['2', true],
    ],
  )
  assert.equal(row?.says, 'member ALL /app/admin DROP')
  const blocked = explain({ ...asked, check: checkOf({ path: '/public/INTERNAL' }) })
  assert.deepEqual(
    [blocked.reason, blocked.row?.id],
    ['authz.permission_denied', '/public/internal'],
  )
  assert.equal(isSafeMethod('POST'), false)
})

test('what else would be wrong is said as well', () => {
  const check = checkOf({ method: 'POST', userAgent: 'curl/8', path: '/nowhere' })
  const facts = factsOf({ principal: { state: 'banned' } })
  const credential: Credential = { kind: 'session', id: '' }
  const { steps, reason } = explain({ check, policy: policyOf(), credential, facts, nowMs: NOW })
  assert.equal(reason, 'authz.missing_csrf_token')
  const wrong = steps.filter(({ outcome }) => outcome === 'deny').map(({ name }) => name)
  assert.deepEqual(wrong, ['csrf', 'binding', 'state', 'permissions'])
})
