import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AT,
  createHeaders,
  hasBody,
  isReservedHeader,
  noteHeader,
  readHeader,
  readLenient,
} from '../../src/gateway/headers.ts'

function gather(...lines: [string, string][]) {
  const headers = createHeaders()
  for (const [name, value] of lines) noteHeader(headers, name, value)
  return headers
}

test('a header that may come once is unreadable when it comes twice, or thrice', () => {
  const once = gather(['x-original-uri', '/a'])
  const twice = gather(['x-original-uri', '/a'], ['x-original-uri', '/a'])
  const thrice = gather(...Array(3).fill(['x-original-uri', '/a']))
  assert.equal(readHeader(once, AT['x-original-uri']), '/a')
  assert.equal(readHeader(twice, AT['x-original-uri']), undefined)
  assert.equal(readHeader(thrice, AT['x-original-uri']), undefined)
  assert.equal(readLenient(thrice, AT['x-original-uri'], 'many'), 'many')
  assert.equal(readLenient(gather(), AT['x-original-uri'], 'many'), undefined)
})

test('an empty value is present', () => {
  assert.equal(readHeader(gather(['host', '']), AT.host), '')
  assert.equal(readHeader(gather(['host', ''], ['host', 'a']), AT.host), undefined)
})

test('lists are joined in order, cookies by semicolons', () => {
  const headers = gather(
    ['x-forwarded-for', '1.1.1.1'],
    ['cookie', 'a=1'],
    ['x-forwarded-for', '2.2.2.2'],
    ['cookie', 'b=2'],
  )
  assert.equal(readHeader(headers, AT['x-forwarded-for']), '1.1.1.1, 2.2.2.2')
  assert.equal(readHeader(headers, AT.cookie), 'a=1; b=2')
  assert.equal(headers.linesCount, 4)
})

const BODIES = [
  { lines: [], expect: false },
  { lines: [['content-length', '0']], expect: false },
  { lines: [['content-length', '']], expect: false },
  { lines: [['content-length', '5']], expect: true },
  { lines: [['content-length', '00']], expect: true },
  {
    lines: [
      ['content-length', '0'],
      ['content-length', '5'],
    ],
    expect: true,
  },
  { lines: [['transfer-encoding', 'identity']], expect: true },
] as { lines: [string, string][]; expect: boolean }[]

for (const { lines, expect } of BODIES) {
  test(`${JSON.stringify(lines)} ${expect ? 'announces a body' : 'announces none'}`, () => {
    assert.equal(hasBody(gather(...lines)), expect)
  })
}

test('reserved names are noted, plain ones of ours and foreign ones are not', () => {
  assert.equal(gather(['remote-user', '']).hasReserved, true)
  assert.equal(gather(['x_original_uri', '']).hasReserved, true)
  assert.equal(gather(['x-original-uri', ''], ['accept', '']).hasReserved, false)
  assert.equal(isReservedHeader('x-dvara-'), true)
  assert.equal(isReservedHeader('x-dvara'), false)
  assert.equal(isReservedHeader('authorization'), false)
  assert.equal(isReservedHeader('__proto__'), false)
})
