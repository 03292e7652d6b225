import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExplain, type ExplainDependencies } from '../../src/authorizer/explain.ts'
import { readExplainQuestion } from '../../src/authorizer/explain-request.ts'
import { createEntry, type Entry } from '../../src/authorizer/grants.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Facts } from '../../src/core/principal.ts'
import { AGENT, CSRF, factsOf, NOW, policyOf } from '../core/facts.ts'
import { networks } from '../gateway/opened.ts'

const COOKIE = 'S'.repeat(68)

function open(changes: Partial<ExplainDependencies> = {}) {
  const state = { facts: factsOf() as Facts | undefined, entry: undefined as Entry | undefined }
  const asked: string[] = []
  const explain = createExplain({
    stores: {
      facts: {
        async load(hash) {
          asked.push(`session ${hash.length}`)
          return { epoch: '1.a', seq: 5, found: state.facts }
        },
        touch: () => assert.fail('explaining is no use'),
      },
      keys: { load: async () => ({ epoch: '1.a', seq: 5, found: undefined }) },
      principals: { load: async () => state.facts?.principal },
    },
    table: { peek: () => state.entry },
    knownKeys: { peek: () => undefined },
    isSealed: () => true,
    nowMs: () => NOW,
    ...{ idleMs: 1000, lifetimeMs: 5000, run: 'tests', issuer: 'dvara', tokenTtlMs: 60_000 },
    policy: () => policyOf(),
    isStale: () => false,
    leaseRemainingMs: () => 1500,
    epoch: () => '1.a',
    appliedSeq: () => 7,
    trustedGateways: networks('127.0.0.1'),
    findPlace: () => undefined,
    ...changes,
  })
  async function ask(body: Record<string, unknown>) {
    const read = readExplainQuestion(body)
    assert.ok('request' in read, JSON.stringify(read))
    return explain(read.request, null)
  }
  return { ask, state, asked }
}

const said = ({ trace }: Awaited<ReturnType<ReturnType<typeof open>['ask']>>) =>
  trace.reason ?? trace.verdict

test('somebody who is not signed in is explained as if they were, here and now', async () => {
  const { ask, asked } = open()
  const told = await ask({ path: '/app/x', as: { uid: 'ID0000000001' }, method: 'POST' })
  assert.equal(said(told), 'allow')
  assert.equal(told.trace.row?.id, '1')
  assert.deepEqual(told.assumed, [
    'a session of ID0000000001, begun here and now',
    'X-CSRF-Token of the session',
  ])
  assert.equal(told.token?.uid, 'ID0000000001')
  assert.equal(told.token?.exp, Math.floor(NOW / 1000) + 5)
  assert.deepEqual(asked, [])
})

test('a cookie is looked for in memory, then in the store; neither learns of it', async () => {
  const { ask, asked, state } = open()
  const question = { path: '/app', as: { cookie: COOKIE } }
  assert.equal(said(await ask(question)), 'allow')
  assert.deepEqual(asked, ['session 43'])
  const facts = factsOf({ idleAtMs: NOW + 1 })
  state.entry = createEntry('id', facts, NOW - 5000)
  const told = await ask(question)
  assert.equal(facts.idleAtMs, NOW + 1)
  assert.equal(state.entry.latest, undefined)
  assert.deepEqual(asked, ['session 43'])
  const step = told.trace.steps.find(({ name }) => name === 'facts')
  assert.deepEqual([step?.says, step?.facts.rememberedSeconds], ['remembered', 5])
  assert.ok(!JSON.stringify(told).includes(COOKIE))
})

test('a cookie that we did not seal is not asked for', async () => {
  const { ask, asked } = open({ isSealed: () => false })
  assert.equal(said(await ask({ path: '/app', as: { cookie: COOKIE } })), 'authz.invalid_session')
  assert.deepEqual(asked, [])
})

test('what is not said is as it was at the login; what is said is taken at its word', async () => {
  const { ask } = open()
  const as = { cookie: COOKIE }
  const cases: [Record<string, unknown>, string][] = [
    [{}, 'allow'],
    [{ userAgent: AGENT, address: '198.51.100.1' }, 'allow'],
    [{ userAgent: 'curl/8' }, 'authz.client_session_mismatch'],
    [{ address: '203.0.113.1' }, 'authz.client_session_mismatch'],
    [{ method: 'POST' }, 'allow'],
    [{ method: 'POST', csrf: CSRF }, 'allow'],
    [{ method: 'POST', csrf: 'none' }, 'authz.missing_csrf_token'],
    [{ method: 'POST', csrf: 'other' }, 'authz.csrf_token_mismatch'],
    [{ path: '/app/admin' }, 'authz.invalid_permission'],
  ]
  for (const [changes, expected] of cases) {
    assert.equal(said(await ask({ path: '/app', as, ...changes })), expected)
  }
})

test('what is refused at the door goes no further', async () => {
  const { ask, asked } = open()
  const cases: [Record<string, unknown>, string][] = [
    [{ gateway: '10.0.0.1' }, 'authz.untrusted_gateway'],
    [{ host: 'a b' }, 'authz.malformed_check'],
    [{ headers: ['X-Dvara-User'] }, 'authz.reserved_header'],
    [{ method: 'get' }, 'authz.unsupported_method'],
    [{ path: '/a//b' }, 'authz.ambiguous_path'],
  ]
  for (const [changes, expected] of cases) {
    const told = await ask({ path: '/app', ...changes })
    assert.equal(said(told), expected)
    assert.equal(told.trace.steps.length, 1)
  }
  assert.deepEqual(asked, [])
})

const AWAY: [name: string, changes: Partial<ExplainDependencies>, step: string][] = [
  ['without a lease', { leaseRemainingMs: () => 0 }, 'lease'],
  ['with rows that are not compiled', { isStale: () => true }, 'lease'],
]
for (const [name, changes, step] of AWAY) {
  test(`${name} all that needs identity is unavailable, and it is said what is wrong`, async () => {
    const { ask } = open(changes)
    const told = await ask({ path: '/app', as: { cookie: COOKIE } })
    assert.deepEqual([said(told), told.trace.decidedBy], ['authz.unavailable', step])
    assert.equal(said(await ask({ path: '/public' })), 'allow')
    const early = await ask({ path: '/app', as: { cookie: COOKIE }, method: 'PUT', csrf: 'none' })
    assert.equal(said(early), 'authz.missing_csrf_token')
  })
}

test('a store that is away is unavailable, and the fault is named', async () => {
  const { ask } = open({
    stores: {
      facts: {
        load: () => Promise.reject(new Fault('store_timeout')),
        touch: async () => {},
      },
      keys: { load: () => Promise.reject(new Fault('store_timeout')) },
      principals: { load: () => Promise.reject(new Fault('store_unavailable')) },
    },
  })
  for (const as of [{ cookie: COOKIE }, { kid: 'abc' }, { uid: 'ID1' }]) {
    const told = await ask({ path: '/app', as })
    assert.deepEqual([said(told), told.trace.decidedBy], ['authz.unavailable', 'facts'])
    assert.match(JSON.stringify(told.trace.steps), /store_(timeout|unavailable)/)
  }
})

test('each gateway’s answer is worded as it would hear it', async () => {
  const { ask } = open()
  const denied = await ask({ path: '/app' })
  assert.deepEqual(
    denied.answers.map(({ dialect, status }) => `${dialect} ${status}`),
    ['nginx 401', 'traefik 401', 'caddy 401', 'envoy 401', 'haproxy 401', 'barong 401'],
  )
  assert.equal(denied.next, 'Sign in.')
  const allowed = await ask({ path: '/app', as: { cookie: COOKIE }, dialect: 'envoy' })
  const [answer] = allowed.answers
  assert.equal(allowed.answers.length, 1)
  assert.ok(answer?.headers.includes('X-Dvara-User: ID0000000001'))
  assert.ok(answer?.headers.some((line) => line.startsWith('Authorization: Bearer (')))
})
