import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileClasses, matchClass, readClasses } from '../../src/core/limit-class.ts'

function read(value: unknown) {
  const problems: string[] = []
  return { classes: readClasses(value, problems), problems }
}

const ROW = { name: 'orders', prefixes: ['/orders'], rate: '10/m' }

test('a class is a name, prefixes and a rate; the burst is the rate unless given', () => {
  const { classes, problems } = read([ROW, { ...ROW, name: 'all', prefixes: ['/'], burst: 3 }])
  assert.deepEqual(problems, [])
  assert.deepEqual(classes[0], {
    name: 'orders',
    prefixes: ['/orders'],
    rate: { count: 10, windowMs: 60_000, burst: 10 },
    per: 'principal',
  })
  assert.equal(classes[1]?.rate.burst, 3)
})

test('the longest prefix gives the class, on segment boundaries', () => {
  const { classes } = read([
    { ...ROW, name: 'all', prefixes: ['/api', '/app'] },
    { ...ROW, prefixes: ['/api/orders'], per: 'everyone' },
  ])
  const compiled = compileClasses(classes)
  assert.equal(matchClass(compiled, '/api/orders/7')?.name, 'orders')
  assert.equal(matchClass(compiled, '/api/orders2')?.name, 'all')
  assert.equal(matchClass(compiled, '/app')?.name, 'all')
  assert.equal(matchClass(compiled, '/other'), undefined)
  assert.equal(matchClass(compileClasses([]), '/api'), undefined)
})

const WRONG: readonly [string, unknown, RegExp][] = [
  ['no list', {}, /must be a list/],
  ['an unknown field', [{ ...ROW, verb: 'GET' }], /verb/],
  ['no name', [{ ...ROW, name: undefined }], /name/],
  ['a name twice', [ROW, { ...ROW, prefixes: ['/x'] }], /orders stands twice/],
  ['a prefix twice', [ROW, { ...ROW, name: 'x' }], /\/orders stands twice/],
  ['no prefix', [{ ...ROW, prefixes: [] }], /prefixes/],
  ['capitals', [{ ...ROW, prefixes: ['/Orders'] }], /lower case/],
  ['an ambiguous prefix', [{ ...ROW, prefixes: ['/a//b'] }], /plain prefixes/],
  ['no rate', [{ ...ROW, rate: undefined }], /rate/],
  ['a rate of nothing', [{ ...ROW, rate: '0/s' }], /rate/],
  ['a burst of nothing', [{ ...ROW, burst: 0 }], /burst/],
  ['a burst in words', [{ ...ROW, burst: '5' }], /burst/],
  ['an unknown holder', [{ ...ROW, per: 'address' }], /per/],
]
for (const [name, value, problem] of WRONG) {
  test(`${name} is a problem that says what to write`, () => {
    const { problems } = read(value)
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', problem)
  })
}
