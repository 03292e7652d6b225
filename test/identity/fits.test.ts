import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFits, pickDeclared } from '../../src/identity/fits.ts'
import { type Shape, Type } from '../../src/identity/shape.ts'

const fits = await openFits()

const OBJECT = Type.Object({ a: Type.Integer(), b: Type.Optional(Type.String()) })
const CLOSED = Type.Object({ a: Type.Integer() }, { additionalProperties: false })
const Nullable = Type.Unsafe<string | null>({ type: ['string', 'null'] })

const FITS: readonly { shape: Shape; good: readonly unknown[]; bad: readonly unknown[] }[] = [
  { shape: Type.String(), good: ['', 'a'], bad: [1, null, undefined, [], {}, true] },
  { shape: Type.String({ minLength: 2, maxLength: 3 }), good: ['ab', 'abc'], bad: ['a', 'abcd'] },
  { shape: Type.String({ minLength: 2, maxLength: 2 }), good: ['🗝🗝'], bad: ['🗝', '🗝🗝🗝'] },
  { shape: Type.String({ pattern: '^[a-z]+$' }), good: ['abc'], bad: ['', 'A', 'a\n', 'a b'] },
  { shape: Type.Unsafe({ type: 'string', enum: ['x', 'y'] }), good: ['x'], bad: ['z', 1, 'X'] },
  { shape: Type.Integer(), good: [0, -5, 1e15], bad: [0.5, '1', Number.NaN, Infinity, null] },
  { shape: Type.Integer({ minimum: 1, maximum: 9 }), good: [1, 9], bad: [0, 10] },
  { shape: Type.Number(), good: [0.5, -1], bad: ['1', Number.NaN, Infinity] },
  { shape: Type.Boolean(), good: [true, false], bad: [0, 'true', null] },
  { shape: Type.Unknown(), good: [0, 'a', null, {}, []], bad: [] },
  { shape: Nullable, good: ['a', null], bad: [1, undefined, {}] },
  { shape: Type.Array(Type.Integer()), good: [[], [1, 2]], bad: [{}, ['1'], null, 'ab'] },
  {
    shape: Type.Array(Type.Integer(), { minItems: 1, maxItems: 1 }),
    good: [[1]],
    bad: [[], [1, 2]],
  },
  {
    shape: OBJECT,
    good: [{ a: 1 }, { a: 1, b: 'x' }, { a: 1, c: 1 }],
    bad: [{}, { a: '1' }, [], null],
  },
  { shape: OBJECT, good: [], bad: [{ a: 1, b: 2 }, 'a'] },
  {
    shape: CLOSED,
    good: [{ a: 1 }],
    bad: [
      { a: 1, b: 1 },
      { a: 1, toString: 1 },
    ],
  },
]

for (const [at, { shape, good, bad }] of FITS.entries()) {
  test(`${at + 1}: what fits ${JSON.stringify(shape)}`, () => {
    for (const value of good) assert.equal(fits(shape, value), true, JSON.stringify(value))
    for (const value of bad) assert.equal(fits(shape, value), false, JSON.stringify(value))
  })
}

test('a type that nobody knows does not compile', () => {
  // @ts-expect-error: it would let everything through
  assert.ok(Type.Unsafe({ type: 'strnig' }))
})

const PICKED = [
  {
    name: 'what is not declared stays behind, at every depth',
    shape: Type.Object({ user: Type.Object({ uid: Type.String() }), all: Type.Array(OBJECT) }),
    value: { user: { uid: 'U', digest: 'canary' }, all: [{ a: 1, digest: 'canary' }], x: 'canary' },
    picked: { user: { uid: 'U' }, all: [{ a: 1 }] },
  },
  {
    name: 'an optional property may be absent or undefined',
    shape: OBJECT,
    value: { a: 1, b: undefined },
    picked: { a: 1 },
  },
  { name: 'null stands where the shape allows it', shape: Nullable, value: null, picked: null },
  {
    name: 'an object that allows more keeps it',
    shape: Type.Object({}, { additionalProperties: true }),
    value: { any: ['thing'] },
    picked: { any: ['thing'] },
  },
]
for (const { name, shape, value, picked } of PICKED) {
  test(name, () => assert.deepEqual(pickDeclared(fits, shape, value), picked))
}

const MISTAKEN = [
  { name: 'an object in the place of a text', value: { a: 1, b: { digest: 'canary' } } },
  { name: 'a text in the place of a number', value: { a: 'canary' } },
  { name: 'a list in the place of an object', value: [{ a: 1 }] },
  { name: 'a required property that is missing', value: { b: 'x' } },
]
for (const { name, value } of MISTAKEN) {
  test(`a bug, and not sent: ${name}`, () => {
    assert.throws(() => pickDeclared(fits, OBJECT, value), { message: /^an answer (is not|lacks)/ })
  })
}
