import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCookies } from '../../src/identity/cookies.ts'

const CASES = [
  { name: 'no header, no value', header: undefined, values: [] },
  { name: 'the only cookie is found', header: 'sid=abc', values: ['abc'] },
  { name: 'a cookie among others is found', header: 'a=1; sid=abc; b=2', values: ['abc'] },
  { name: 'a longer name is another cookie', header: 'xsid=no; sid2=no; sid=yes', values: ['yes'] },
  { name: 'names are compared exactly', header: 'SID=no', values: [] },
  { name: 'two different values are both told', header: 'sid=a; sid=b', values: ['a', 'b'] },
  { name: 'the same value twice is one', header: 'sid=a; sid=a', values: ['a'] },
  { name: 'a value keeps its equals signs', header: 'sid=a=b==', values: ['a=b=='] },
  { name: 'a cookie without a value is empty', header: 'sid=; b=1', values: [''] },
  { name: 'a bare name is no cookie', header: 'sid; b=1', values: [] },
  { name: 'missing spaces do not matter', header: 'a=1;sid=abc;b=2', values: ['abc'] },
]

for (const { name, header, values } of CASES) {
  test(name, () => assert.deepEqual(readCookies(header, 'sid'), values))
}

test('no more than eight values are looked at', () => {
  const header = Array.from({ length: 500 }, (_, at) => `sid=${at}`).join('; ')
  assert.equal(readCookies(header, 'sid').length, 8)
})
