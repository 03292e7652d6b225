import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Static, Type } from '../../src/identity/shape.ts'

const SHAPE = Type.Object({
  name: Type.String({ maxLength: 5 }),
  age: Type.Optional(Type.Integer({ minimum: 0 })),
  words: Type.Array(Type.String(), { maxItems: 2 }),
})

test('a shape is the JSON Schema, and nothing else', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(SHAPE)), {
    type: 'object',
    required: ['name', 'words'],
    properties: {
      name: { type: 'string', maxLength: 5 },
      age: { type: 'integer', minimum: 0 },
      words: { type: 'array', items: { type: 'string' }, maxItems: 2 },
    },
  })
})
test('an object of optional properties requires none', () => {
  const { required } = Type.Object({ a: Type.Optional(Type.Boolean()) })
  assert.equal(required, undefined)
})
test('to make a shape optional leaves the shape itself as it was', () => {
  const Name = Type.String()
  Type.Optional(Name)
  assert.deepEqual(Type.Object({ name: Name }).required, ['name'])
})
test('the type of a shape is that of its values', () => {
  // These lines compile, or the type is wrong.
  const whole: Static<typeof SHAPE> = { name: 'a', age: 1, words: ['b'] }
  const least: Static<typeof SHAPE> = { name: 'a', words: [] }
  // @ts-expect-error: a required property is missing
  const missing: Static<typeof SHAPE> = { words: [] }
  // @ts-expect-error: a number is no string
  const mistyped: Static<typeof SHAPE> = { name: 1, words: [] }
  assert.equal([whole, least, missing, mistyped].length, 4)
})
