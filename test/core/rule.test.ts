import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  auditTopic,
  compileRules,
  listMatchingRows,
  matchRules,
  type Permission,
} from '../../src/core/rule.ts'

function row(fields: Partial<Permission>): Permission {
  const fallback = { id: 1, role: 'member', verb: 'ALL', path: '/app', action: 'ACCEPT' as const }
  return { ...fallback, topic: null, ...fields }
}

function isAccepted(rows: readonly Permission[], method: string, path: string, role = 'member') {
  const at = { method, path, foldedPath: path.toLowerCase() }
  return matchRules(compileRules(rows).rules, role, at).isAccepted
}

const CASES: readonly {
  name: string
  rows: readonly Permission[]
  ask: readonly [method: string, path: string, role?: string]
  expect: boolean
}[] = [
  { name: 'no row, no accept', rows: [], ask: ['GET', '/app'], expect: false },
  {
    name: 'an ACCEPT row accepts below its path',
    rows: [row({})],
    ask: ['GET', '/app/x'],
    expect: true,
  },
  {
    name: 'a row ends on a segment boundary',
    rows: [row({})],
    ask: ['GET', '/apple'],
    expect: false,
  },
  {
    name: 'a row of another role says nothing',
    rows: [row({})],
    ask: ['GET', '/app', 'admin'],
    expect: false,
  },
  {
    name: 'a row without its leading slash means the same',
    rows: [row({ path: 'app/' })],
    ask: ['GET', '/app/x'],
    expect: true,
  },
  {
    name: 'any DROP wins, though it stands before the ACCEPT',
    rows: [row({ action: 'DROP', path: '/app/admin' }), row({})],
    ask: ['GET', '/app/admin/x'],
    expect: false,
  },
  {
    name: 'any DROP wins, though it is broader than the ACCEPT',
    rows: [row({ path: '/app/x' }), row({ action: 'DROP', path: '/' })],
    ask: ['GET', '/app/x'],
    expect: false,
  },
  {
    name: 'a DROP cannot be dodged by capitals',
    rows: [row({}), row({ action: 'DROP', path: '/app/admin' })],
    ask: ['GET', '/app/ADMIN'],
    expect: false,
  },
  { name: 'an ACCEPT is exact in case', rows: [row({})], ask: ['GET', '/APP'], expect: false },
  {
    name: 'AUDIT alone denies',
    rows: [row({ action: 'AUDIT' })],
    ask: ['GET', '/app'],
    expect: false,
  },
  {
    name: 'AUDIT beside ACCEPT accepts',
    rows: [row({}), row({ action: 'AUDIT' })],
    ask: ['GET', '/app'],
    expect: true,
  },
  { name: 'HEAD follows GET', rows: [row({ verb: 'GET' })], ask: ['HEAD', '/app'], expect: true },
  {
    name: 'GET does not follow HEAD',
    rows: [row({ verb: 'HEAD' })],
    ask: ['GET', '/app'],
    expect: false,
  },
  {
    name: 'ALL does not cover an unknown verb',
    rows: [row({})],
    ask: ['PURGE', '/app'],
    expect: false,
  },
  { name: 'ALL does not cover OPTIONS', rows: [row({})], ask: ['OPTIONS', '/app'], expect: false },
  {
    name: 'an unknown verb passes by a row of its own',
    rows: [row({ verb: 'PURGE' })],
    ask: ['PURGE', '/app'],
    expect: true,
  },
  {
    name: 'a star stands for one segment',
    rows: [row({ path: '/app/*/cancel' })],
    ask: ['POST', '/app/7/cancel/now'],
    expect: true,
  },
  {
    name: 'a star does not stand for two segments',
    rows: [row({ path: '/app/*/cancel' })],
    ask: ['POST', '/app/7/8/cancel'],
    expect: false,
  },
  {
    name: 'a star does not stand for no segment',
    rows: [row({ path: '/app/*' })],
    ask: ['POST', '/app/'],
    expect: false,
  },
  {
    name: 'a DROP with a star wins over the plain row beside it',
    rows: [row({}), row({ action: 'DROP', path: '/app/*/Keys' })],
    ask: ['GET', '/app/me/KEYS/x'],
    expect: false,
  },
  {
    name: 'a GET row is not one for POST',
    rows: [row({ verb: 'GET' })],
    ask: ['POST', '/app'],
    expect: false,
  },
]

for (const { name, rows, ask, expect } of CASES) {
  test(name, () => assert.equal(isAccepted(rows, ...ask), expect))
}

test('a row whose path no request can have is named, and matches nothing', () => {
  const { rules, problems } = compileRules([row({ id: 9, path: '/a/../b' })])
  assert.deepEqual(problems, ['permission 9: no path can match `/a/../b`'])
  assert.equal(rules.size, 0)
})

test('a star beside other characters is named, and the row matches nothing', () => {
  for (const path of ['/a/b*', '/**', `/${'*/'.repeat(9)}x`]) {
    const { rules, problems } = compileRules([row({ id: 9, path })])
    assert.match(problems[0] ?? '', /permission 9: .*whole segment/)
    assert.equal(rules.size, 0)
  }
})

test('the rows that decided can be listed, in the order of the table', () => {
  const rows = [
    row({ id: 1, path: '/app/*' }),
    row({ id: 2, path: '/other' }),
    row({ id: 3, path: '/app/X', action: 'DROP' }),
    row({ id: 4, action: 'AUDIT', verb: 'GET' }),
  ]
  const { rules } = compileRules(rows)
  const at = { role: 'member', path: '/app/x', foldedPath: '/app/x' }
  const idsFor = (method: string) =>
    listMatchingRows(rules, 'member', { ...at, method }).map(({ id }) => id)
  assert.deepEqual(idsFor('HEAD'), [1, 3, 4])
  assert.deepEqual(idsFor('POST'), [1, 3])
  assert.deepEqual(idsFor('PURGE'), [])
})

test('an AUDIT row is reported for accepted and denied requests', () => {
  const rows = [row({}), row({ action: 'AUDIT', verb: 'POST' })]
  const { rules } = compileRules(rows)
  const at = { path: '/app', foldedPath: '/app' }
  assert.deepEqual(matchRules(rules, 'member', { ...at, method: 'POST' }), {
    isAccepted: true,
    isAudited: true,
  })
  assert.deepEqual(matchRules(rules, 'member', { ...at, method: 'GET' }), {
    isAccepted: true,
    isAudited: false,
  })
})

test('compiled rules agree with a linear scan for every table and request', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'A'), { maxLength: 4 })
    .map((parts) => `/${parts.join('/')}`)
  const verb = fc.constantFrom('GET', 'POST', 'HEAD', 'ALL', 'PURGE')
  const rows = fc.array(
    fc.record({
      id: fc.nat(),
      role: fc.constantFrom('r', 's'),
      verb,
      path,
      action: fc.constantFrom('ACCEPT' as const, 'DROP' as const, 'AUDIT' as const),
      topic: fc.constant(null),
    }),
    { maxLength: 25 },
  )
  const method = fc.constantFrom('GET', 'POST', 'HEAD', 'PURGE', 'OPTIONS')
  fc.assert(
    fc.property(rows, method, path, (table, asked, at) => {
      const verbs = asked === 'HEAD' ? ['HEAD', 'GET'] : [asked]
      if (asked !== 'PURGE' && asked !== 'OPTIONS') verbs.push('ALL')
      const covers = (prefix: string, of: string) =>
        prefix === '/' || `${of}/`.startsWith(`${prefix}/`)
      const of = table.filter((one) => one.role === 'r' && verbs.includes(one.verb))
      const isDropped = of.some(
        (one) => one.action === 'DROP' && covers(one.path.toLowerCase(), at.toLowerCase()),
      )
      const isExpected =
        !isDropped && of.some((one) => one.action === 'ACCEPT' && covers(one.path, at))
      assert.equal(isAccepted(table, asked, at, 'r'), isExpected)
    }),
    { numRuns: 10_000 },
  )
})

test('the topic is that of the first AUDIT row that watches, whatever else matches', () => {
  const rows = [
    row({ id: 1, path: '/app' }),
    row({ id: 2, path: '/app/secret', action: 'DROP' }),
    row({ id: 3, path: '/App/x', action: 'AUDIT', topic: 'second', verb: 'POST' }),
    row({ id: 4, path: '/app', action: 'AUDIT', verb: 'POST' }),
    row({ id: 5, path: '/other', action: 'AUDIT', topic: 'elsewhere', role: 'admin' }),
  ]
  const { rules } = compileRules(rows)
  const ask = (method: string, path: string, role = 'member') =>
    auditTopic(rules, role, { method, path, foldedPath: path.toLowerCase() })
  assert.equal(ask('POST', '/app/x'), 'second')
  assert.equal(ask('POST', '/APP/X'), 'second')
  assert.equal(ask('POST', '/app/y'), null)
  assert.equal(ask('GET', '/app/x'), undefined)
  assert.equal(ask('POST', '/other'), undefined)
  assert.equal(ask('GET', '/other', 'admin'), 'elsewhere')
  assert.equal(ask('GET', '/other', 'nobody'), undefined)
})

test('what was found of a path before says nothing of it folded otherwise', () => {
  const { rules } = compileRules([row({}), row({ path: '/app/x', action: 'DROP' })])
  const ask = (path: string, foldedPath: string) =>
    matchRules(rules, 'member', { method: 'GET', path, foldedPath }).isAccepted
  for (const _ of [1, 2]) {
    assert.ok(ask('/app/y', '/app/y'))
    assert.ok(!ask('/app/y', '/app/x'))
    assert.ok(!ask('/app/X', '/app/x'))
  }
})
