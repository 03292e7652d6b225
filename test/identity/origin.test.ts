import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isForeign } from '../../src/identity/origin.ts'

const OWN = new Set(['https://app.example.com', 'https://admin.example.com:8443'])

const CASES = [
  { name: 'our own page may', headers: { origin: 'https://app.example.com' }, foreign: false },
  {
    name: 'a listed page may',
    headers: { origin: 'https://admin.example.com:8443' },
    foreign: false,
  },
  { name: 'no browser, no headers: may', headers: {}, foreign: false },
  { name: 'a same-origin fetch may', headers: { 'sec-fetch-site': 'same-origin' }, foreign: false },
  { name: 'a typed address may', headers: { 'sec-fetch-site': 'none' }, foreign: false },
  { name: 'an opaque origin may not', headers: { origin: 'null' }, foreign: true },
  { name: 'an empty origin may not', headers: { origin: '' }, foreign: true },
  {
    name: 'our name as a prefix may not',
    headers: { origin: 'https://app.example.com.evil.com' },
    foreign: true,
  },
  {
    name: 'our name with another dot may not',
    headers: { origin: 'https://appXexample.com' },
    foreign: true,
  },
  {
    name: 'our name without TLS may not',
    headers: { origin: 'http://app.example.com' },
    foreign: true,
  },
  {
    name: 'our name on another port may not',
    headers: { origin: 'https://app.example.com:444' },
    foreign: true,
  },
  {
    name: 'our name in upper case may not',
    headers: { origin: 'https://APP.example.com' },
    foreign: true,
  },
  {
    name: 'two origins at once may not',
    headers: { origin: 'https://app.example.com, https://evil.com' },
    foreign: true,
  },
  { name: 'another subdomain may not', headers: { 'sec-fetch-site': 'same-site' }, foreign: true },
  { name: 'another site may not', headers: { 'sec-fetch-site': 'cross-site' }, foreign: true },
  {
    name: 'a foreign origin may not, whatever Sec-Fetch-Site says',
    headers: { origin: 'https://evil.com', 'sec-fetch-site': 'same-origin' },
    foreign: true,
  },
]

for (const { name, headers, foreign } of CASES) {
  test(name, () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'FOO']) {
      assert.equal(isForeign(method, headers, OWN), foreign, method)
    }
  })
}

test('reading is nobody’s harm', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    assert.equal(isForeign(method, { origin: 'https://evil.com' }, OWN), false)
  }
})
