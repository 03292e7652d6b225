import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lintPermissions } from '../../src/core/lint-permissions.ts'
import { readRouteTable } from '../../src/core/route.ts'
import { auditTopic, compileRules, matchRules, type Permission } from '../../src/core/rule.ts'

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
  [
    'an ACCEPT below a DROP with a wild segment',
    ['m ALL /o ACCEPT', 'm GET /o/7/items ACCEPT', 'm ALL /o/*/items DROP'],
    [/^warning permissions\[1\]: .*accepts nothing: permissions\[2\]/],
  ],
  [
    'a wild ACCEPT and a DROP of one of what it stands for',
    ['m GET /o/* ACCEPT', 'm ALL /o/7 DROP'],
    [/^note permissions\[0\]\.path/],
  ],
  [
    'a row that a wild one covers',
    ['m GET /*/items ACCEPT', 'm GET /o/items/7 ACCEPT', 'm GET /o/*/x ACCEPT'],
    [/^warning permissions\[1\]: .*changes nothing: permissions\[0\]/],
  ],
  [
    'a verb that ALL of the same path stands for',
    ['m ALL /a ACCEPT', 'm GET /a ACCEPT'],
    [/^warning permissions\[1\]: .*changes nothing: permissions\[0\]/],
  ],
  [
    'a row whose verbs are partly dropped and partly said before',
    ['m GET /a ACCEPT', 'm ALL /b ACCEPT', 'm HEAD /a DROP', 'm GET /a/* ACCEPT'],
    [/^note/, /^warning permissions\[3\]: .*changes nothing: permissions\[0\]/],
  ],
  ['a wild DROP that meets a row', ['m GET /a/b/c ACCEPT', 'm POST /*/b DROP'], [/^note/]],
  ['a wild DROP above a row', ['m GET /a/b/c ACCEPT', 'm GET /*/b DROP'], [/accepts nothing/]],
  [
    'an AUDIT behind a broader one',
    ['m ALL / ACCEPT', 'm ALL /a AUDIT', 'm GET /a/b AUDIT'],
    [/^warning permissions\[2\]: .*topic: permissions\[1\] stands before it/],
  ],
  ['an AUDIT before a broader one', ['m ALL / ACCEPT', 'm GET /a/b AUDIT', 'm ALL /a AUDIT'], []],
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

/** Every path of up to four segments; `z` stands in no row, as most segments do not. */
const PATHS = (() => {
  let level = ['']
  const all = ['/']
  for (let count = 0; count < 4; count++) {
    level = level.flatMap((path) => ['a', 'b', 'z'].map((segment) => `${path}/${segment}`))
    all.push(...level)
  }
  return all
})()
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** What rows say of every path and method: accepted, and the topic of what is watched. */
function sayingOf(rows: readonly Permission[]): string {
  const { rules } = compileRules(rows)
  return PATHS.flatMap((path) =>
    METHODS.map((method) => {
      const at = { method, path, foldedPath: path }
      return `${matchRules(rules, 'm', at).isAccepted} ${auditTopic(rules, 'm', at)}`
    }),
  ).join()
}

const drawnRows = fc
  .array(
    fc.record({
      verb: fc.constantFrom('ALL', 'GET', 'POST', 'HEAD'),
      path: fc
        .array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 })
        .map((parts) => `/${parts.join('/')}`),
      action: fc.constantFrom(
        'ACCEPT' as const,
        'ACCEPT' as const,
        'DROP' as const,
        'AUDIT' as const,
      ),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((rows) => rows.map((one, id) => ({ ...one, id, role: 'm', topic: `t${id}` })))

/** Places of rows that are said to be needless. */
function needless(rows: readonly Permission[]): number[] {
  return lintPermissions(rows, undefined)
    .filter(({ why }) => /changes nothing|accepts nothing|the same row|its topic/.test(why))
    .map(({ where }) => Number(/\d+/.exec(where)?.[0]))
}

test('a row that is said to change nothing changes nothing, wild segments or not', () => {
  fc.assert(
    fc.property(drawnRows, (rows) => {
      const said = sayingOf(rows)
      for (const index of needless(rows)) {
        assert.equal(sayingOf(rows.filter((_, at) => at !== index)), said, `row ${index}`)
      }
    }),
    { numRuns: 300 },
  )
})

test('every ACCEPT that changes nothing is found', () => {
  fc.assert(
    fc.property(drawnRows, (rows) => {
      const said = sayingOf(rows)
      const found = new Set(needless(rows))
      for (const [index, { action }] of rows.entries()) {
        const isUseless =
          action === 'ACCEPT' && sayingOf(rows.filter((_, at) => at !== index)) === said
        // Of two rows alike the second is named.
        const { verb, path } = rows[index] as Permission
        const isFirstOfTwo = rows.some(
          (row, at) =>
            at > index && row.action === action && row.verb === verb && row.path === path,
        )
        assert.ok(!isUseless || isFirstOfTwo || found.has(index), `row ${index}`)
      }
    }),
    { numRuns: 300 },
  )
})
