import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFits } from '../../src/identity/fits.ts'
import { readParams } from '../../src/identity/params.ts'
import { Type } from '../../src/identity/shape.ts'

const fits = await openFits()

const SHAPE = Type.Object({
  email: Type.String({ maxLength: 10 }),
  page: Type.Optional(Type.Integer({ minimum: 1 })),
  otp: Type.Optional(Type.Boolean()),
  verb: Type.Optional(
    Type.Unsafe<string>({ type: 'string', pattern: '^GET$', refusal: 'own.code' }),
  ),
})

const READ = [
  { name: 'a declared parameter is taken', given: [{ email: 'a@b' }], params: { email: 'a@b' } },
  {
    name: 'text is kept exactly, with its spaces',
    given: [{ email: ' a ' }],
    params: { email: ' a ' },
  },
  {
    name: 'an undeclared parameter is left behind',
    given: [{ email: 'a', role: 'admin' }],
    params: { email: 'a' },
  },
  {
    name: 'a form’s whole number and boolean are what their text says',
    given: [{ email: 'a', page: '2', otp: 'false' }],
    params: { email: 'a', page: 2, otp: false },
  },
  {
    name: 'a blank optional parameter counts as absent',
    given: [{ email: 'a', page: '' }],
    params: { email: 'a' },
  },
  {
    name: 'null counts as absent',
    given: [{ email: 'a', page: null }],
    params: { email: 'a' },
  },
  {
    name: 'parameters come from several places',
    given: [{ email: 'a' }, { page: 3 }],
    params: { email: 'a', page: 3 },
  },
]

for (const { name, given, params } of READ) {
  test(name, () => assert.deepEqual(readParams(fits, SHAPE, 'x.y', given), { ok: true, params }))
}

const REFUSED = [
  { name: 'a required parameter is missing', given: [{}], codes: ['x.y.missing_email'] },
  { name: 'a required parameter is blank', given: [{ email: ' \t' }], codes: ['x.y.empty_email'] },
  { name: 'a string is too long', given: [{ email: '01234567890' }], codes: ['x.y.invalid_email'] },
  { name: 'a number is no string', given: [{ email: 5 }], codes: ['x.y.invalid_email'] },
  { name: 'an object is no string', given: [{ email: { $ne: '' } }], codes: ['x.y.invalid_email'] },
  {
    name: 'a repeated query value is no string',
    given: [{ email: ['a', 'b'] }],
    codes: ['x.y.invalid_email'],
  },
  {
    name: '1e3 is no whole number',
    given: [{ email: 'a', page: '1e3' }],
    codes: ['x.y.invalid_page'],
  },
  {
    name: '0x1 is no whole number',
    given: [{ email: 'a', page: '0x1' }],
    codes: ['x.y.invalid_page'],
  },
  {
    name: 'a number below its minimum is invalid',
    given: [{ email: 'a', page: 0 }],
    codes: ['x.y.invalid_page'],
  },
  { name: '1 is no boolean', given: [{ email: 'a', otp: '1' }], codes: ['x.y.invalid_otp'] },
  {
    name: 'a shape’s own code is used',
    given: [{ email: 'a', verb: 'BREW' }],
    codes: ['own.code'],
  },
  {
    name: 'two places would be two readings',
    given: [{ email: 'a' }, { email: 'a' }],
    codes: ['x.y.invalid_email'],
  },
  {
    name: 'all complaints come together',
    given: [{ page: 'x' }],
    codes: ['x.y.missing_email', 'x.y.invalid_page'],
  },
  {
    name: 'an inherited property is not given',
    given: [Object.create({ email: 'a' })],
    codes: ['x.y.missing_email'],
  },
]

for (const { name, given, codes } of REFUSED) {
  test(`refused: ${name}`, () =>
    assert.deepEqual(readParams(fits, SHAPE, 'x.y', given), { ok: false, codes }))
}
