import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Candidate, type Judged, reconsider } from '../../src/core/reconsider.ts'
import { compileRoutes, readRouteTable } from '../../src/core/route.ts'
import { compileRules } from '../../src/core/rule.ts'
import { PERMISSIONS } from './facts.ts'

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
  isCsrfRequired: true,
}
const MEMBER: Judged = {
  method: 'GET',
  path: '/app',
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
