import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lintPermissions } from '../../src/core/lint-permissions.ts'
import { readRouteTable } from '../../src/core/route.ts'
import { compileRules, matchRules, type Permission } from '../../src/core/rule.ts'

function rowsOf(...texts: readonly string[]): Permission[] {
  return texts.map((text, id) => {
    const [role = '', verb = '', path = '', action = ''] = text.split(' ')
    return { id, role, verb, path, action: action as Permission['action'], topic: null }
  })
}

const lint = (...texts: readonly string[]) =>
  lintPermissions(rowsOf(...texts), undefined).map(
    ({ severity, where, why }) => `${severity} ${where}: ${why}`,
  )

const CASES: readonly [string, readonly string[], readonly RegExp[]][] = [
  ['a plain table', ['m ALL /a ACCEPT', 'm ALL /a/b DROP', 'm GET /a AUDIT'], []],
  [
    'an ACCEPT that a DROP covers',
    ['m ALL /a ACCEPT', 'm POST /a/b/c ACCEPT', 'm ALL /a/b DROP'],
    [/^warning permissions\[1\]: .*accepts nothing: permissions\[2\]/],
  ],
  [
    'an ACCEPT whose DROP is spelt otherwise',
    ['m ALL /a ACCEPT', 'm GET /B ACCEPT', 'm ALL /b DROP'],
    [/capitals/, /^warning permissions\[1\]: .*accepts nothing/],
  ],
  ['a DROP of another role', ['m ALL /a ACCEPT', 'n ALL /a DROP', 'n ALL /b ACCEPT'], [/^note/]],
  ['a DROP of some of its verbs', ['m ALL /a ACCEPT', 'm GET /a DROP'], []],
  [
    'an ACCEPT that a broader ACCEPT covers',
    ['m ALL /a ACCEPT', 'm GET /a/b ACCEPT'],
    [/^warning permissions\[1\]: .*changes nothing: permissions\[0\]/],
  ],
  ['a narrower verb above', ['m GET /a ACCEPT', 'm ALL /a/b ACCEPT'], []],
  ['HEAD beside GET', ['m GET /a ACCEPT', 'm HEAD /a/b ACCEPT'], [/changes nothing/]],
  [
    'the same row twice',
    ['m GET /a ACCEPT', 'm get a/ ACCEPT'],
    [/^warning permissions\[1\]: the same/],
  ],
  ['a role that may do nothing', ['m ALL /a DROP'], [/^note/, /^warning .*no ACCEPT/]],
  [
    'AUDIT alone',
    ['m GET /b ACCEPT', 'm GET /a AUDIT'],
    [/^warning permissions\[1\]: .*allows nothing/],
  ],
  ['a DROP below nothing', ['m GET /b ACCEPT', 'm GET /a DROP'], [/^note permissions\[1\]/]],
  ['a DROP above an ACCEPT', ['m GET /a/b/c ACCEPT', 'm POST /a DROP'], [/^note permissions\[1\]/]],
  ['an unknown verb', ['m GTE /a ACCEPT'], [/^warning permissions\[0\]\.verb/]],
  ['no verb at all', ['m G3T /a ACCEPT'], [/^error permissions\[0\]\.verb/]],
  ['a pattern', ['m GET /a.* ACCEPT', 'm GET /b ACCEPT'], [/^error permissions\[0\]\.path/]],
]
for (const [name, rows, expected] of CASES) {
  test(`${name}: ${expected.length} findings`, () => {
    const found = lint(...rows)
    assert.equal(found.length, expected.length, found.join('\n'))
    expected.forEach((pattern, at) => {
      assert.match(found[at] ?? '', pattern)
    })
  })
}

test('rows where routes decide are found', () => {
  const read = readRouteTable({
    version: 1,
    default_audience: ['x'],
    public: ['/open'],
    blocked: ['/shut'],
  })
  assert.ok('table' in read)
  const rows = rowsOf('m GET /open/a ACCEPT', 'm GET /Shut/a DROP', 'm GET /a ACCEPT')
  const found = lintPermissions(rows, read.table).filter(({ where }) => where.endsWith('.path'))
  assert.deepEqual(
    found.map(({ where }) => where),
    ['permissions[0].path', 'permissions[1].path'],
  )
})

test('a row that is said to change nothing changes nothing', () => {
  const row = fc.record({
    verb: fc.constantFrom('ALL', 'GET', 'POST', 'HEAD'),
    path: fc
      .array(fc.constantFrom('a', 'b'), { maxLength: 3 })
      .map((parts) => `/${parts.join('/')}`),
    action: fc.constantFrom('ACCEPT' as const, 'DROP' as const),
  })
  const paths = ['/', '/a', '/b', '/a/a', '/a/b', '/b/a', '/a/b/a', '/c', '/a/a/a/a']
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (drawn) => {
      const rows = drawn.map((one, id) => ({ ...one, id, role: 'm', topic: null }))
      const useless = lintPermissions(rows, undefined).find(({ why }) =>
        /changes nothing|accepts nothing|the same row/.test(why),
      )
      if (useless === undefined) return
      const index = Number(/\d+/.exec(useless.where)?.[0])
      const all = compileRules(rows).rules
      const less = compileRules(rows.filter((_, at) => at !== index)).rules
      for (const path of paths) {
        for (const method of ['GET', 'HEAD', 'POST', 'PUT']) {
          const at = { role: 'm', method, path, foldedPath: path }
          assert.equal(matchRules(all, at).isAccepted, matchRules(less, at).isAccepted)
        }
      }
    }),
    { numRuns: 500 },
  )
})
