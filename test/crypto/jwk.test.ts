import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import test from 'node:test'
import {
  JWKS_KEYS_MAX,
  jwkThumbprint,
  parseJwks,
  parsePublicKey,
  publicMembers,
  publishedJwk,
} from '../../src/crypto/jwk.ts'

const ED25519 = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}
const PUBLISHED = publishedJwk({ kid: 'one', alg: 'EdDSA', jwk: ED25519 })
const set = (...keys: unknown[]) => JSON.stringify({ keys })

test('the thumbprint of RFC 7638 §3.1', () => {
  const jwk = {
    kty: 'RSA',
    n: [
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1',
      'L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4',
      'QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO',
      'pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF',
      'Cur-kEgU8awapJzKnqDKgw',
    ].join(''),
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  }
  assert.equal(jwkThumbprint(jwk), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

test('the thumbprint of RFC 8037 §A.3, from the private key too', () => {
  assert.equal(jwkThumbprint(ED25519), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

test('no thumbprint without the required members', () => {
  assert.equal(jwkThumbprint({ kty: 'OKP', crv: 'Ed25519' }), undefined)
  assert.equal(jwkThumbprint({ kty: 'oct', k: 'AAAA' }), undefined)
})

test('only public members are published', () => {
  assert.deepEqual(Object.keys(publicMembers(ED25519) ?? {}), ['crv', 'kty', 'x'])
  assert.deepEqual(Object.keys(PUBLISHED).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsa = publishedJwk({ kid: 'r', alg: 'RS256', jwk: privateKey.export({ format: 'jwk' }) })
  assert.deepEqual(Object.keys(rsa).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
})

const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
const UNFIT = [
  { name: 'a key of another kind', jwk: ED25519, alg: 'RS256', expect: /expected kty RSA/ },
  {
    name: 'a key on another curve',
    jwk: { ...ED25519, crv: 'X25519' },
    alg: 'EdDSA',
    expect: /crv/,
  },
  { name: 'a key cut short', jwk: { ...ED25519, x: 'AAAA' }, alg: 'EdDSA', expect: /no valid OKP/ },
  {
    name: 'padded base64',
    jwk: { ...ED25519, x: `${ED25519.x}=` },
    alg: 'EdDSA',
    expect: /base64url/,
  },
  {
    name: 'a point off its curve',
    jwk: { kty: 'EC', crv: 'P-256', x: ED25519.x, y: ED25519.x },
    alg: 'ES256',
    expect: /no valid EC/,
  },
  {
    name: 'an RSA modulus of 1024 bits',
    jwk: rsa1024.export({ format: 'jwk' }),
    alg: 'RS256',
    expect: /2048 to 8192 bits, found 1024/,
  },
] as const
for (const { name, jwk, alg, expect } of UNFIT) {
  test(`${name} is refused with a reason`, () => {
    const problem = parsePublicKey(jwk, alg)
    assert.equal(typeof problem, 'string')
    assert.match(String(problem), expect)
  })
}

const SETS = [
  { name: 'a set of one key', text: set(PUBLISHED), kids: ['one'] },
  { name: 'an empty set', text: set(), kids: [] },
  { name: 'a symmetric key spoils the set', text: set(PUBLISHED, { kty: 'oct', k: 'AA' }) },
  { name: 'a private member spoils the set', text: set({ ...PUBLISHED, d: ED25519.d }) },
  { name: 'two keys under one kid spoil the set', text: set(PUBLISHED, PUBLISHED) },
  {
    name: 'a key without kid is passed over',
    text: set({ ...PUBLISHED, kid: undefined }),
    kids: [],
  },
  {
    name: 'a key without alg is passed over',
    text: set({ ...PUBLISHED, alg: undefined }),
    kids: [],
  },
  {
    name: 'a key for encryption is passed over',
    text: set({ ...PUBLISHED, use: 'enc' }),
    kids: [],
  },
  {
    name: 'an alg that the key cannot have is passed over',
    text: set({ ...PUBLISHED, alg: 'RS256' }),
    kids: [],
  },
  {
    name: 'HS256 over a public key is passed over',
    text: set({ ...PUBLISHED, alg: 'HS256' }),
    kids: [],
  },
  {
    name: 'a set of too many keys is refused',
    text: set(...new Array(JWKS_KEYS_MAX + 1).fill({})),
  },
  { name: 'a list is no set', text: '[]' },
  { name: 'keys must be a list', text: '{"keys":{}}' },
  { name: 'a key must be an object', text: '{"keys":["x"]}' },
  { name: 'broken JSON is no set', text: '{"keys":[' },
]
for (const { name, text, kids } of SETS) {
  test(name, () => {
    const keys = parseJwks(text)
    assert.deepEqual(keys === undefined ? undefined : [...keys.keys()], kids)
  })
}
