import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf as addressOfSlot, createDecisions } from '../../src/authorizer/decisions.ts'
import type { Check } from '../../src/core/check.ts'
import { createFindings, type Findings } from '../../src/core/findings.ts'
import type { DecisionQuery } from '../../src/core/kept.ts'
import { type Answer, deny, GRANT_ANYONE } from '../../src/core/verdict.ts'
import { createDecisionIds } from '../../src/gateway/decision-id.ts'
import { addressOf, checkOf, factsOf, NOW, policyOf } from '../core/facts.ts'

const ALL: DecisionQuery = { limit: 100, reason: undefined, path: undefined, uid: undefined }
const ROW = { kind: 'permission', id: '1', says: 'member ALL /app ACCEPT' } as const

function open(keptMax = 4) {
  const state = { policy: policyOf() }
  const ids = createDecisionIds({ run: 'k3x9q', key: Uint32Array.of(1, 2, 3, 4) })
  const decisions = createDecisions({
    ids,
    keptMax,
    nowMs: () => NOW,
    epoch: () => '3.abc',
    appliedSeq: () => 41,
    policy: () => state.policy,
    decidingRow: (policy) => ({ ...ROW, id: String(policy.version) }),
  })
  /** Keeps one; its id. */
  function keep(
    given: { answer?: Answer; check?: Check | undefined; found?: Partial<Findings> } = {},
  ): string {
    const number = ids.next()
    const found = { ...createFindings(), policyVersion: state.policy.version, ...given.found }
    const check = 'check' in given ? given.check : checkOf()
    const dialect = check?.dialect ?? 'none'
    decisions.keep(dialect, given.answer ?? GRANT_ANYONE, check, 12.3, number, found)
    return ids.print(number)
  }
  return { decisions, keep, state }
}

function find({ decisions }: ReturnType<typeof open>, id: string) {
  const slot = decisions.find(id)
  return slot === undefined ? undefined : decisions.show(slot)
}

test('a decision is shown with what it was about and what it rests on', () => {
  const world = open()
  const { principal, session } = factsOf()
  const id = world.keep({
    answer: deny('authz.invalid_permission'),
    check: checkOf({ query: 'token=s3cr3t', csrfToken: 'c5rf', cookies: 'dvara_session=s3cr3t' }),
    found: {
      ...{ principal, sessionHash: session.hash, credential: 'session', source: 'memory' },
    },
  })
  const shown = find(world, id)
  assert.deepEqual(shown, {
    id,
    at: '2023-11-14T22:13:20.000Z',
    verdict: 'deny',
    reason: 'authz.invalid_permission',
    about: null,
    dialect: 'nginx',
    method: 'GET',
    path: '/app',
    host: 'app.example',
    address: '198.51.100.7',
    userAgent: 'Mozilla/5.0 (test)',
    hasCsrfToken: true,
    credential: 'session',
    uid: 'ID0000000001',
    role: 'member',
    state: 'active',
    kid: null,
    session: 'hhhhhhhh',
    source: 'memory',
    epoch: '3.abc',
    seq: 41,
    policyVersion: 1,
    row: { ...ROW, id: '1' },
    elapsedUs: 12,
  })
  assert.doesNotMatch(JSON.stringify(shown), /s3cr3t|c5rf/)
})

test('no slot refers to a cookie, a token, a signature or a query', () => {
  const world = open()
  const unread = { version: undefined, contentDigest: 'canary' }
  const apiKey = { kid: 'public', nonce: '1', signature: 'canary', ...unread }
  const check = checkOf({ query: 'canary', cookies: 'a=canary', csrfToken: 'canary', apiKey })
  const slot = world.decisions.find(world.keep({ check, found: { kid: 'public' } }))
  assert.doesNotMatch(JSON.stringify(slot), /canary/)
})

test('the newest come first, and the oldest make way', () => {
  const world = open(3)
  const made = ['/a', '/b', '/c', '/d', '/e'].map((path) =>
    world.keep({ check: checkOf({ path }) }),
  )
  const paths = (query: Partial<DecisionQuery>) =>
    world.decisions.list({ ...ALL, ...query }).map(({ path }) => path)
  assert.deepEqual(paths({}), ['/e', '/d', '/c'])
  assert.deepEqual(paths({ limit: 2 }), ['/e', '/d'])
  assert.equal(find(world, made[1] as string), undefined)
  assert.equal(find(world, made[2] as string)?.path, '/c')
  assert.equal(find(world, 'k3x9q00000000'), undefined)
})

test('before anything was decided nothing is shown', () => {
  assert.deepEqual(open().decisions.list(ALL), [])
})

test('they are found by reason, by the beginning of a path and by principal', () => {
  const world = open(9)
  const { principal } = factsOf()
  world.keep({ check: checkOf({ path: '/a/1' }), found: { principal } })
  world.keep({ check: checkOf({ path: '/a/2' }), answer: deny('authz.invalid_session') })
  world.keep({ check: checkOf({ path: '/b' }), answer: deny('authz.invalid_session') })
  const paths = (query: Partial<DecisionQuery>) =>
    world.decisions.list({ ...ALL, ...query }).map(({ path }) => path)
  assert.deepEqual(paths({ reason: 'none' }), ['/a/1'])
  assert.deepEqual(paths({ reason: 'authz.invalid_session' }), ['/b', '/a/2'])
  assert.deepEqual(paths({ path: '/a' }), ['/a/2', '/a/1'])
  assert.deepEqual(paths({ uid: principal.uid }), ['/a/1'])
  assert.deepEqual(paths({ uid: 'nobody' }), [])
})

test('what was refused at the door is kept as far as it was spelt, and a slot is used anew', () => {
  const world = open(1)
  world.keep({ found: { kid: 'public' } })
  const told = {
    ...{ method: 'GET', target: '/a//b?token=s3cr3t', host: 'app.example' },
    address: addressOf('2001:db8::1'),
  }
  const answer = deny('authz.ambiguous_path')
  const kept = find(world, world.keep({ answer, check: undefined, found: { told } }))
  assert.equal(kept?.path, '/a//b')
  assert.equal(kept?.address, '2001:db8::1')
  assert.doesNotMatch(JSON.stringify(kept), /s3cr3t|public/)
  const bare = find(world, world.keep({ check: undefined, found: { about: '192.0.2.1' } }))
  assert.deepEqual([bare?.path, bare?.address, bare?.about], [null, null, '192.0.2.1'])
})

test('long texts are cut', () => {
  const world = open()
  const long = 'x'.repeat(30_000)
  const check = checkOf({ path: `/${long}`, userAgent: long })
  const slot = world.decisions.find(world.keep({ check, found: { kid: long } }))
  assert.equal(slot?.path.length, 512)
  assert.equal(slot?.userAgent.length, 256)
  assert.equal(slot?.kid.length, 64)
  assert.equal(slot === undefined ? 0 : world.decisions.show(slot).userAgent?.length, 80)
})

test('an address is given back as it was', () => {
  for (const text of ['0.0.0.0', '203.0.113.9', '::', '2001:db8::ff00:42:8329']) {
    const world = open()
    const check = checkOf({ address: addressOf(text) })
    const slot = world.decisions.find(world.keep({ check }))
    assert.equal(slot === undefined ? '' : addressOfSlot(slot)?.text, text)
  }
})

test('the row is that of the policy then in force, while that one is known', () => {
  const world = open(20)
  const versions = [1, 2, 3, 4, 5]
  const made = versions.map((version) => {
    world.state.policy = policyOf({ version })
    return world.keep()
  })
  const rows = made.map((id) => find(world, id)?.row?.id)
  assert.deepEqual(rows, [undefined, '2', '3', '4', '5'])
})
