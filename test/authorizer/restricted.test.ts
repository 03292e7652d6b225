import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Check, DIALECT_NAMES } from '../../src/core/check.ts'
import type { Place } from '../../src/core/place.ts'
import { NOWHERE } from '../../src/core/place.ts'
import { compileRestrictions, defaultCode, type Restriction } from '../../src/core/restriction.ts'
import { isRefused, readCheck } from '../../src/gateway/dialect.ts'
import { DIALECTS } from '../../src/gateway/endpoint.ts'
import { AGENT, addressOf, checkOf, policyOf } from '../core/facts.ts'
import { SPELLINGS } from '../gateway/spellings.ts'
import { createKeyWorld, signedV2 } from './keys.ts'
import { createWorld, ID, said } from './world.ts'

const HERE = '198.51.100.7'
const PLACES: Record<string, Place> = {
  '198.51.100.7': { continentCode: 'eu', continent: 'europe', countryCode: 'gb', country: 'japan' },
}

type Row = Partial<Restriction> & Pick<Restriction, 'category' | 'scope' | 'value'>
const black = (
  scope: Restriction['scope'],
  value: string,
  more: Partial<Restriction> = {},
): Row => ({
  ...{ category: 'blacklist', scope, value },
  ...more,
})
const SESSIONS = '/api/v2/identity/sessions'

/** The cases that Barong's own suite has of restrictions, and the word and status that it wants. */
const CASES: readonly {
  name: string
  rows: readonly Row[]
  method?: string
  target?: string
  expect: string
}[] = [
  {
    name: 'blocklogin of a continent, code 425, on a login',
    rows: [{ category: 'blocklogin', scope: 'continent', value: 'EUROPE', code: 425 }],
    ...{ method: 'POST', target: SESSIONS, expect: '425 authz.restrict.blocklogin' },
  },
  {
    name: 'the same row on another path',
    rows: [{ category: 'blocklogin', scope: 'continent', value: 'EUROPE', code: 425 }],
    expect: 'allow',
  },
  { name: 'blacklist ip', rows: [black('ip', HERE)], expect: '401 authz.restrict.blacklist' },
  { name: 'another ip', rows: [black('ip', '198.51.100.8')], expect: 'allow' },
  { name: 'disabled', rows: [black('ip', HERE, { state: 'disabled' })], expect: 'allow' },
  {
    name: 'subnet',
    rows: [black('ip_subnet', '198.51.100.0/24')],
    expect: '403 authz.restrict.blacklist',
  },
  { name: 'outside of it', rows: [black('ip_subnet', '198.51.101.0/24')], expect: 'allow' },
  {
    name: 'country in any case',
    rows: [black('country', 'JaPaN')],
    expect: '423 authz.restrict.blacklist',
  },
  { name: 'another country', rows: [black('country', 'UA')], expect: 'allow' },
  {
    name: 'continent',
    rows: [black('continent', 'EUROPE')],
    expect: '423 authz.restrict.blacklist',
  },
  { name: 'another continent', rows: [black('continent', 'ASIA')], expect: 'allow' },
  {
    name: 'whitelist beats maintenance',
    rows: [
      { category: 'maintenance', scope: 'all', value: 'all' },
      { category: 'whitelist', scope: 'ip', value: HERE },
    ],
    expect: 'allow',
  },
  {
    name: 'maintenance beats blacklist',
    rows: [black('ip', HERE), { category: 'maintenance', scope: 'ip', value: HERE }],
    expect: '471 authz.restrict.maintenance',
  },
  {
    name: 'a code of its own',
    rows: [black('ip', HERE, { code: 403 })],
    expect: '403 authz.restrict.blacklist',
  },
  {
    name: 'before what is public',
    ...{ rows: [black('ip', HERE)], target: '/public', expect: '401 authz.restrict.blacklist' },
  },
  {
    name: 'before what is blocked',
    ...{ rows: [black('ip', HERE)], target: '/management', expect: '401 authz.restrict.blacklist' },
  },
]

for (const { name, rows, method = 'GET', target = '/app', expect } of CASES) {
  test(`${name}: ${expect}, in every dialect`, async () => {
    const table = rows.map((row, id) => ({
      ...{ id, state: 'enabled' as const, code: defaultCode(row.category, row.scope) },
      ...row,
    }))
    const policy = policyOf({ restrictions: compileRestrictions(table).restrictions })
    const { authorize } = createWorld({
      findPlace: ({ text }) => PLACES[text] ?? NOWHERE,
      policies: {
        current: () => policy,
        isStale: () => false,
        areRestrictionsStale: () => false,
        refresh: async () => true,
      },
    })
    for (const dialect of DIALECT_NAMES) {
      const original = { method, target, host: 'app.example', client: HERE }
      const sent = [['Cookie', `dvara_session=${ID}`] as const, ['User-Agent', AGENT] as const]
      const read = readCheck(DIALECTS[dialect], SPELLINGS[dialect](original, sent))
      const answer = await authorize(isRefused(read) ? assert.fail() : read)
      assert.equal(
        answer.kind === 'deny' ? `${answer.status} ${answer.reason}` : answer.kind,
        expect,
        dialect,
      )
    }
  })
}

/** The corridor over a policy that a test closes to everybody while a request waits. */
function createClosing() {
  const row = { category: 'blacklist', scope: 'all', value: 'all', code: 401 } as const
  const { restrictions } = compileRestrictions([{ id: 1, state: 'enabled', ...row }])
  const closed = policyOf({ restrictions })
  const state = { policy: policyOf(), isStale: false, canRefresh: true }
  const { dependencies: keys } = createKeyWorld()
  const { authorize } = createWorld({
    keys,
    policies: {
      current: () => state.policy,
      isStale: () => state.isStale,
      areRestrictionsStale: () => state.isStale,
      async refresh() {
        if (!state.canRefresh) return false
        state.isStale = false
        state.policy = closed
        return true
      },
    },
  })
  return { authorize, state, closed }
}

const WAITS: readonly { name: string; isKeyKnown: boolean; check: () => Check }[] = [
  { name: 'its key is loaded', isKeyKnown: false, check: () => signedV2({ method: 'POST' }) },
  { name: 'its nonce is burned', isKeyKnown: true, check: () => signedV2({ method: 'POST' }) },
  {
    name: 'its session is loaded',
    isKeyKnown: false,
    check: () => checkOf({ cookies: `dvara_session=${ID}` }),
  },
]

for (const { name, isKeyKnown, check } of WAITS) {
  test(`a request is refused by a restriction that appears while ${name}`, async () => {
    for (const [change, expect] of [
      [{}, 'Bearer for dvara'],
      [{ isClosed: true }, 'authz.restrict.blacklist'],
      [{ isStale: true }, 'authz.restrict.blacklist'],
      [{ isStale: true, canRefresh: false }, 'authz.unavailable'],
    ] as const) {
      const { authorize, state, closed } = createClosing()
      if (isKeyKnown) assert.equal(said(await authorize(signedV2({}))), 'Bearer for dvara')
      const answer = authorize(check())
      assert.ok(answer instanceof Promise, 'it waits')
      if ('isClosed' in change) state.policy = closed
      Object.assign(state, change)
      assert.equal(said(await answer), expect, JSON.stringify(change))
    }
  })
}

const REFUSING = compileRestrictions([
  { id: 1, category: 'blacklist', scope: 'ip', value: HERE, code: 401, state: 'enabled' },
]).restrictions

for (const path of ['/public', '/app']) {
  test(`restrictions known to have changed are loaded before ${path} is answered`, async () => {
    const state = { isStale: true }
    const { authorize } = createWorld({
      policies: {
        current: () => (state.isStale ? policyOf() : policyOf({ restrictions: REFUSING })),
        isStale: () => false,
        areRestrictionsStale: () => state.isStale,
        async refresh() {
          state.isStale = false
          return true
        },
      },
    })
    const cookies = `dvara_session=${ID}`
    const answer = await authorize(checkOf({ path, cookies, address: addressOf(HERE) }))
    assert.equal(said(answer), 'authz.restrict.blacklist')
  })
}
