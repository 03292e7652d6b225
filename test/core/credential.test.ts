import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Check } from '../../src/core/check.ts'
import {
  findSessionId,
  readCookie,
  readCredential,
  SESSION_ID_CHARS,
} from '../../src/core/credential.ts'

const ID = `${'A'.repeat(45)}${'-_09azZ'.repeat(3)}AA`
const OTHER = 'B'.repeat(68)

const COOKIES: readonly [name: string, cookies: string, expect: string | null | undefined][] = [
  ['the one cookie', 'sid=x', 'x'],
  ['among others', 'a=1; sid=x; b=2', 'x'],
  ['without the space after the semicolon', 'a=1;sid=x', 'x'],
  ['trailing blanks are no part of a value', 'sid=x \t; b=2', 'x'],
  ['an empty value is a value', 'sid=', ''],
  ['absent', 'a=1; b=2', undefined],
  ['a name that ends alike', 'xsid=1', undefined],
  ['a name that begins alike', 'sidx=1', undefined],
  ['the name inside a value', 'a=sid=x', undefined],
  ['the name after a blank inside a value', 'a=1 sid=x', undefined],
  ['a name without a value', 'sid; sid=x', 'x'],
  ['another case', 'SID=x', undefined],
  ['twice alike', 'sid=x; sid=x', 'x'],
  ['twice with different values', 'sid=x; a=1; sid=y', null],
  ['a value with an equals sign', 'sid=a=b', 'a=b'],
]

for (const [name, cookies, expect] of COOKIES) {
  test(`cookie: ${name}`, () => assert.equal(readCookie(cookies, 'sid'), expect))
}

test('a cookie is found among any others, as a plain split would find it', () => {
  const token = fc.stringMatching(/^[a-z]{1,4}$/)
  const pair = fc.tuple(fc.oneof(token, fc.constant('sid')), fc.stringMatching(/^[a-z=]{0,5}$/))
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 12 }), (pairs) => {
      const values = new Set(pairs.filter(([name]) => name === 'sid').map(([, value]) => value))
      const expected = values.size > 1 ? null : values.values().next().value
      const cookies = pairs.map(([name, value]) => `${name}=${value}`).join('; ')
      assert.equal(readCookie(cookies, 'sid'), expected)
    }),
    { numRuns: 5000 },
  )
})

function read(cookies: string, apiKey?: Check['apiKey']) {
  return readCredential({ cookies, apiKey } as Check, 'sid')
}

test('a well-formed session id is a session credential', () => {
  assert.deepEqual(read(`sid=${ID}`), { kind: 'session', id: ID })
})

for (const [name, value] of [
  ['one character short', ID.slice(1)],
  ['one character long', `${ID}A`],
  ['with a character outside the alphabet', `${ID.slice(1)}+`],
  ['with a NUL', `${ID.slice(1)}\0`],
  ['empty', ''],
] as const) {
  test(`a session id that is ${name} is forged`, () => {
    assert.equal(read(`sid=${value}`).kind, 'forged')
  })
}

test('no cookie of that name is no credential', () => assert.equal(read('a=1').kind, 'none'))

test('the session cookie twice with different values is ambiguous', () => {
  assert.equal(read(`sid=${ID}; sid=${OTHER}`).kind, 'ambiguous')
})

test('any API-key header wins over a good cookie, even an empty one', () => {
  const apiKey = {
    ...{ kid: '', nonce: undefined, signature: undefined },
    ...{ version: undefined, contentDigest: undefined },
  }
  assert.equal(read(`sid=${ID}`, apiKey).kind, 'api_key')
})

test('a head full of foreign cookies costs one scan', () => {
  const bomb = Array.from({ length: 2000 }, (_, at) => `sid${at}=${'x'.repeat(8)}`).join('; ')
  assert.equal(read(`${bomb}; sid=${ID}`).kind, 'session')
})

test('an id that is found where it stands is the one that is read', () => {
  const value = fc.constantFrom(ID, OTHER, `${ID} `, ` ${ID}`, `${ID}A`, ID.slice(1), 'x', '')
  const pair = fc.tuple(fc.constantFrom('sid', 'sid', 'xsid', 'a', ' sid', 'sid '), value)
  const joint = fc.constantFrom('; ', ';', ' ;')
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 4 }), joint, (pairs, between) => {
      const cookies = pairs.map(([name, text]) => `${name}=${text}`).join(between)
      const from = findSessionId(cookies, 'sid')
      const found = cookies.slice(from, from + SESSION_ID_CHARS)
      if (from === -1 || (found !== ID && found !== OTHER)) return
      assert.deepEqual(read(cookies), { kind: 'session', id: found })
    }),
    { numRuns: 5000 },
  )
})

test('where a cookie stands alone, first, last or between others its id is found', () => {
  for (const cookies of [`sid=${ID}`, `sid=${ID}; a=1`, `a=1; sid=${ID}`, `a=1;sid=${ID};b=2`]) {
    assert.equal(findSessionId(cookies, 'sid'), cookies.indexOf(ID), cookies)
  }
  for (const cookies of [
    '',
    `sid=${ID}; sid=${ID}`,
    `sid=${ID} ; a=1`,
    `xsid=${ID}`,
    `sid ${ID}`,
  ]) {
    assert.equal(findSessionId(cookies, 'sid'), -1, cookies)
  }
})
