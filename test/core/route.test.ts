import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchClass } from '../../src/core/limit-class.ts'
import {
  BLOCKED,
  compileRoutes,
  isLogin,
  matchAudience,
  matchRoutes,
  PREFLIGHT,
  PUBLIC,
  type RouteTable,
  readRouteTable,
  surveyRoutes,
} from '../../src/core/route.ts'

const TABLE: RouteTable = {
  version: 1,
  public: ['/open'],
  blocked: ['/open/internal', '/management'],
  preflight: ['/api'],
  audiences: [
    { prefix: '/api', audience: ['api'] },
    { prefix: '/api/trade', audience: ['trade', 'api'] },
  ],
  defaultAudience: ['dvara'],
  limits: [],
  unrestricted: ['/access'],
  login: ['/sessions'],
}

test('flags say what covers a path, on segment boundaries and without regard to order', () => {
  const routes = compileRoutes(TABLE)
  const flags = (path: string) => matchRoutes(routes, path, path.toLowerCase())
  assert.equal(flags('/open/x'), PUBLIC)
  assert.equal(flags('/opening'), 0)
  assert.equal(flags('/open/internal'), PUBLIC | BLOCKED)
  assert.equal(flags('/open/INTERNAL'), PUBLIC | BLOCKED)
  assert.equal(flags('/OPEN'), 0)
  assert.equal(flags('/MANAGEMENT/x'), BLOCKED)
  assert.equal(flags('/api/x'), PREFLIGHT)
})

test('the longest prefix names the audience, and the default where none does', () => {
  const routes = compileRoutes(TABLE)
  const audience = (path: string) => matchAudience(routes, path)
  assert.deepEqual(audience('/api/trade/x'), ['trade', 'api'])
  assert.deepEqual(audience('/api/trader'), ['api'])
  assert.deepEqual(audience('/elsewhere'), ['dvara'])
})

test('a full file is read', () => {
  const read = readRouteTable({
    version: 1,
    public: ['open/'],
    audiences: [{ prefix: '/api', audience: ['api'] }],
    default_audience: ['dvara'],
  })
  assert.ok('table' in read)
  assert.deepEqual(read.table.public, ['/open'])
  assert.deepEqual(read.table.blocked, [])
})

test('every problem of a file is named at once', () => {
  const read = readRouteTable({
    version: 2,
    publik: [],
    public: ['/Open', '/a//b', 7, ''],
    blocked: 'x',
    audiences: [{ prefix: '/a', audience: [] }, { prefix: '/a', audience: ['b'], extra: 1 }, null],
    default_audience: ['has space'],
  })
  assert.ok('problems' in read)
  const text = read.problems.join('\n')
  for (const part of [
    '`publik` is not one of',
    '`version` must be 1',
    '`public[0]` must be in lower case: write /open',
    '`public[1]` must be a plain path prefix',
    '`public[2]`',
    '`public[3]`',
    '`blocked` must be a list',
    '`audiences[0].audience` must be a list',
    '`audiences[1].extra` is not one of',
    '`audiences[1].prefix` /a stands twice',
    '`audiences[2].prefix`',
    '`default_audience` must be a list',
  ]) {
    assert.ok(text.includes(part), `missing: ${part}\nin: ${text}`)
  }
})

for (const value of [undefined, null, 7, 'text', []]) {
  test(`a file that holds ${JSON.stringify(value)} is refused`, () => {
    assert.ok('problems' in readRouteTable(value))
  })
}

test('an empty mapping is refused: nothing is public by omission of everything', () => {
  assert.ok('problems' in readRouteTable({}))
})

test('a path that may open a session is known through slash and extension', () => {
  const routes = compileRoutes(TABLE)
  for (const path of ['/sessions', '/sessions/', '/sessions.json', '/sessions.json/']) {
    assert.ok(isLogin(routes, path), path)
  }
  for (const path of ['/sessions/x', '/session', '/', '/a.b/sessions']) {
    assert.ok(!isLogin(routes, path), path)
  }
})

test('without a word about them the paths of logins and whitelinks are ours and Barong’s', () => {
  const read = readRouteTable({ version: 1, default_audience: ['x'] })
  assert.ok('table' in read)
  assert.ok(read.table.login.includes('/api/v2/barong/identity/sessions'))
  assert.ok(read.table.login.includes('/api/v2/identity/users/email/confirm_code'))
  assert.deepEqual(read.table.unrestricted, [
    '/api/v2/identity/users/access',
    '/api/v2/barong/identity/users/access',
  ])
  const own = readRouteTable({ version: 1, default_audience: ['x'], login: ['/in'] })
  assert.ok('table' in own)
  assert.deepEqual(own.table.login, ['/in'])
})

test('a star in a route is refused: only permissions take wildcards', () => {
  const read = readRouteTable({ version: 1, default_audience: ['x'], public: ['/a/*'] })
  assert.ok('problems' in read)
  assert.match(read.problems.join(), /without `\*`/)
})

test('what is known of a path is what would be found anew, for every prefix and policy', () => {
  const paths = ['/', '/open', '/open/x', '/OPEN/internal', '/app/trade', '/API/v2', '/nowhere']
  const routes = compileRoutes(TABLE)
  for (const path of [...paths, ...paths]) {
    const foldedPath = path.toLowerCase()
    const { flags, audience, limitClass, isUnrestricted } = surveyRoutes(routes, {
      path,
      foldedPath,
    })
    assert.equal(flags, matchRoutes(routes, path, foldedPath))
    assert.equal(audience, matchAudience(routes, foldedPath))
    assert.equal(limitClass, matchClass(routes.limits, foldedPath))
    assert.equal(isUnrestricted, routes.unrestricted.has(path))
  }
  const elsewhere = compileRoutes({ ...TABLE, public: [], blocked: ['/open'] })
  const at = { path: '/open/x', foldedPath: '/open/x' }
  assert.notEqual(surveyRoutes(elsewhere, at).flags, surveyRoutes(routes, at).flags)
})
