import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOWHERE } from '../../src/core/place.ts'
import { type Candidate, type Judged, reconsider } from '../../src/core/reconsider.ts'
import { compileRestrictions, type Restriction } from '../../src/core/restriction.ts'
import { compileRoutes, readRouteTable } from '../../src/core/route.ts'
import { compileRules } from '../../src/core/rule.ts'
import { addressOf, PERMISSIONS } from './facts.ts'

const read = readRouteTable({
  version: 1,
  default_audience: ['x'],
  public: ['/open'],
  blocked: ['/shut'],
  preflight: ['/app'],
})
assert.ok('table' in read)
const CANDIDATE: Candidate = {
  routes: compileRoutes(read.table),
  rules: compileRules(PERMISSIONS).rules,
  restrictions: undefined,
  isCsrfRequired: true,
}
const MEMBER: Judged = {
  method: 'GET',
  path: '/app',
  address: addressOf('198.51.100.7'),
  role: 'member',
  credential: 'session',
  hasCsrfToken: false,
  outcome: 'none',
}
const NOBODY: Judged = { ...MEMBER, role: undefined, credential: 'none' }

const CASES: readonly [string, Judged, ReturnType<typeof reconsider>][] = [
  ['an accepted request stays accepted', MEMBER, 'none'],
  ['a dropped one is refused', { ...MEMBER, path: '/app/admin' }, 'authz.invalid_permission'],
  ['a role without rows is refused', { ...MEMBER, role: 'x' }, 'authz.invalid_permission'],
  ['a refused one passes', { ...MEMBER, outcome: 'authz.invalid_permission' }, 'none'],
  ['blocked wins', { ...MEMBER, path: '/shut' }, 'authz.permission_denied'],
  ['blocked in capitals too', { ...MEMBER, path: '/SHUT/x' }, 'authz.permission_denied'],
  ['public passes', { ...NOBODY, path: '/open', outcome: 'authz.invalid_session' }, 'none'],
  [
    'a pre-flight passes',
    { ...NOBODY, method: 'OPTIONS', outcome: 'authz.invalid_session' },
    'none',
  ],
  ['once public, nobody asks', NOBODY, 'authz.invalid_session'],
  ['once public, unsafe', { ...NOBODY, method: 'POST' }, 'authz.missing_csrf_token'],
  [
    'once public, with a token',
    { ...NOBODY, method: 'POST', hasCsrfToken: true },
    'authz.csrf_token_mismatch',
  ],
  ['once public, with a cookie', { ...NOBODY, credential: 'session' }, 'unknown'],
  [
    'once blocked, with a cookie',
    { ...NOBODY, credential: 'session', outcome: 'authz.permission_denied' },
    'unknown',
  ],
  ['a limit stays', { ...MEMBER, outcome: 'authz.rate_limited.key' }, 'authz.rate_limited.key'],
  [
    'a limit that rules precede',
    { ...MEMBER, path: '/x', outcome: 'authz.rate_limited.key' },
    'authz.invalid_permission',
  ],
  [
    'an old session stays',
    { ...MEMBER, outcome: 'authz.invalid_session' },
    'authz.invalid_session',
  ],
  ['a fault stays', { ...NOBODY, outcome: 'authz.unavailable' }, 'authz.unavailable'],
  [
    'what could not be read stays',
    { ...NOBODY, path: '/open', outcome: 'authz.ambiguous_path' },
    'authz.ambiguous_path',
  ],
]
for (const [name, judged, outcome] of CASES) {
  test(name, () => assert.equal(reconsider(judged, CANDIDATE), outcome))
}

test('a part that is not given stays as it is', () => {
  const rules = { ...CANDIDATE, routes: undefined }
  assert.equal(reconsider(NOBODY, rules), 'none')
  assert.equal(reconsider({ ...MEMBER, path: '/x' }, rules), 'authz.invalid_permission')
  const routes = { ...CANDIDATE, rules: undefined }
  assert.equal(reconsider({ ...MEMBER, path: '/x' }, routes), 'none')
  assert.equal(reconsider({ ...MEMBER, path: '/shut' }, routes), 'authz.permission_denied')
})

function restricted(text: string, isPlaceKnown = true): Candidate {
  const [category, scope, value = ''] = text.split(' ')
  const row = { id: 1, category, scope, value, code: 403, state: 'enabled' } as Restriction
  const live = readRouteTable({
    ...{ version: 1, default_audience: ['x'], public: ['/live'] },
    ...{ login: ['/login'], unrestricted: ['/access'] },
  })
  assert.ok('table' in live)
  const routes = compileRoutes(live.table)
  return {
    ...{ routes: undefined, rules: undefined, isCsrfRequired: true },
    restrictions: {
      rows: compileRestrictions([row]).restrictions,
      findPlace: () => (isPlaceKnown ? NOWHERE : undefined),
      liveRoutes: () => routes,
    },
  }
}

const HERE = 'blacklist ip 198.51.100.7'
const THERE = 'blacklist ip 198.51.100.8'
const SHUT_OUT: Judged = { ...NOBODY, outcome: 'authz.restrict.blacklist' }
const RESTRICTED: readonly [string, string, Judged, ReturnType<typeof reconsider>][] = [
  ['who passed is kept out', HERE, MEMBER, 'authz.restrict.blacklist'],
  [
    'who was refused later is kept out first',
    HERE,
    { ...NOBODY, outcome: 'authz.invalid_session' },
    'authz.restrict.blacklist',
  ],
  ['others pass as they did', THERE, MEMBER, 'none'],
  [
    'who was kept out is kept out by another row',
    'maintenance all',
    SHUT_OUT,
    'authz.restrict.maintenance',
  ],
  ['who was kept out is let in: nobody looked at who it was', THERE, SHUT_OUT, 'unknown'],
  ['who was kept out of what is public is let in', THERE, { ...SHUT_OUT, path: '/live' }, 'none'],
  ['a whitelist keeps nobody out', 'whitelist ip 198.51.100.7', MEMBER, 'none'],
  [
    'signing in is shut',
    'blocklogin ip 198.51.100.7',
    { ...NOBODY, path: '/login' },
    'authz.restrict.blocklogin',
  ],
  ['all but signing in is not', 'blocklogin ip 198.51.100.7', MEMBER, 'none'],
  ['the path without restrictions', HERE, { ...NOBODY, path: '/access' }, 'none'],
  ['an address that was not known', HERE, { ...MEMBER, address: undefined }, 'none'],
  [
    'what could not be read',
    HERE,
    { ...NOBODY, outcome: 'authz.ambiguous_path' },
    'authz.ambiguous_path',
  ],
]
for (const [name, row, judged, outcome] of RESTRICTED) {
  test(`restrictions: ${name}`, () => assert.equal(reconsider(judged, restricted(row)), outcome))
}

test('where no place can be told, a row about places refuses as the live one would', () => {
  const unplaced = restricted('blacklist country JP', false)
  assert.equal(reconsider(MEMBER, unplaced), 'authz.unavailable')
  assert.equal(reconsider(MEMBER, restricted('blacklist country JP')), 'none')
})

test('restrictions that are not given stay as they are', () => {
  assert.equal(reconsider(SHUT_OUT, CANDIDATE), 'authz.restrict.blacklist')
})
