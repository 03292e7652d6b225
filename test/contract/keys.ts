import type { Case } from './case.ts'
import { KEY, NOW_MS, PERSON, rules } from './world.ts'

const HEADERS = ['X-Auth-Apikey', 'X-Auth-Nonce', 'X-Auth-Signature']
const INACTIVE = { keys: [{ ...KEY, state: 'inactive' }] }
const INCOMPLETE = { expect: 'authz.invalid_api_key_headers', status: 422 }

/** Requests that are signed with an API key. */
export const KEYS: readonly Case[] = [
  {
    no: 14,
    name: 'one of the three headers missing',
    steps: HEADERS.map((name) => ({ signed: { without: [name] }, ...INCOMPLETE })),
  },
  {
    no: 15,
    name: 'a nonce in words',
    steps: [{ signed: { nonce: 'nonce' }, expect: 'authz.nonce_not_valid_timestamp' }],
  },
  {
    no: 16,
    name: 'a nonce of 0',
    steps: [{ signed: { nonce: '0' }, expect: 'authz.nonce_not_valid_timestamp' }],
  },
  {
    no: 17,
    name: 'a nonce ten seconds old',
    steps: [{ signed: { nonce: String(NOW_MS - 10_000) }, expect: 'authz.nonce_expired' }],
  },
  {
    no: 18,
    name: 'a nonce ten seconds ahead',
    steps: [{ signed: { nonce: String(NOW_MS + 10_000) }, expect: 'authz.nonce_expired' }],
  },
  { no: 19, name: 'a blank signature', steps: [{ signed: { signature: ' ' }, ...INCOMPLETE }] },
  {
    no: 20,
    name: 'a wrong signature',
    steps: [{ signed: { signature: 'a'.repeat(64) }, expect: 'authz.invalid_signature' }],
  },
  {
    no: 21,
    name: 'a key in another state',
    world: { keys: [{ ...KEY, state: 'banned' }] },
    steps: [{ signed: {}, expect: 'authz.apikey_not_active' }],
  },
  {
    no: 22,
    name: 'a holder who was banned',
    world: { ...INACTIVE, principals: [{ ...PERSON, state: 'banned' }] },
    steps: [{ signed: {}, expect: 'authz.apikey_not_active' }],
    proofs: [
      [
        'test/store/sql-api-keys.test.ts',
        'a ban, a lost second factor and a new role are in force for keys at once',
      ],
    ],
  },
  {
    no: 23,
    name: 'a holder whose second factor was taken away',
    world: { ...INACTIVE, principals: [{ ...PERSON, otp: false }] },
    steps: [{ signed: {}, expect: 'authz.apikey_not_active' }],
    proofs: [['test/identity/otp.test.ts', 'disabling takes a code, and makes keys inactive']],
  },
  {
    no: 24,
    name: 'all as it should be',
    steps: [{ signed: {}, expect: 'allow' }],
    proofs: [
      ['test/process/api-keys.test.ts', 'a token for a key names its holder, and no session'],
    ],
  },
  {
    no: 25,
    name: 'a blocked path',
    steps: [
      {
        ...{ signed: {}, path: '/api/v2/barong/management/users' },
        expect: 'authz.permission_denied',
      },
    ],
  },
  {
    no: 26,
    name: 'a public path: no token, whatever was signed',
    steps: [
      { signed: {}, path: '/api/v2/peatio/public/ping', expect: 'anyone' },
      { signed: { nonce: '0' }, path: '/api/v2/peatio/public/ping', expect: 'anyone' },
    ],
  },
]

const window = (offsetMs: number) => ({ nonce: String(NOW_MS + offsetMs) })

/** What the reference itself leaves untested. */
export const KEY_EDGES: readonly Case[] = [
  {
    no: 59,
    name: 'the window is open at both ends: five seconds are too many',
    steps: [
      { signed: window(-4999), expect: 'allow' },
      { signed: window(4999), expect: 'allow' },
      { signed: window(-5000), expect: 'authz.nonce_expired' },
      { signed: window(5000), expect: 'authz.nonce_expired' },
    ],
  },
  {
    no: 60,
    name: 'an id that no key has',
    world: { keys: [] },
    steps: [{ signed: {}, expect: 'authz.unexistent_apikey' }],
  },
  {
    no: 61,
    name: 'a nonce that is read as far as its digits go',
    steps: [
      { signed: { nonce: `${NOW_MS}abc` }, expect: 'allow' },
      { signed: { nonce: '1_700_000_000_000' }, expect: 'allow' },
      { signed: { nonce: '-1700000000000' }, expect: 'authz.nonce_not_valid_timestamp' },
    ],
  },
  {
    no: 62,
    name: 'a service account needs no second factor',
    world: { principals: [{ ...PERSON, kind: 'service', otp: false }] },
    steps: [{ signed: {}, expect: 'allow' }],
  },
  {
    no: 63,
    name: 'an active key whose holder may not pass',
    world: { principals: [{ ...PERSON, state: 'locked' }] },
    steps: [{ signed: {}, expect: 'authz.invalid_session' }],
  },
  {
    no: 64,
    name: 'an active key whose holder has no second factor',
    world: { principals: [{ ...PERSON, otp: false }] },
    steps: [{ signed: {}, expect: 'authz.disabled_2fa' }],
  },
  {
    no: 65,
    name: 'the nonce is judged before the signature, the signature before the state',
    world: INACTIVE,
    steps: [
      { signed: { nonce: '0', signature: 'a' }, expect: 'authz.nonce_not_valid_timestamp' },
      { signed: { signature: 'a' }, expect: 'authz.invalid_signature' },
      { signed: {}, expect: 'authz.apikey_not_active' },
    ],
  },
  {
    no: 66,
    name: 'an empty header is a header: the cookie is not looked at',
    steps: [{ lines: [['X-Auth-Apikey', '']], ...INCOMPLETE }],
  },
  {
    no: 67,
    name: 'upper-case hex is no signature',
    steps: [{ signed: { signature: 'A'.repeat(64) }, expect: 'authz.invalid_signature' }],
  },
  {
    no: 68,
    name: 'the scopes of a key',
    world: {
      keys: [{ ...KEY, scopes: ['/api/v2/peatio/market'] }],
      permissions: rules('member ALL api/v2 ACCEPT'),
    },
    steps: [
      { signed: {}, expect: 'authz.apikey_scope_not_allowed' },
      { signed: {}, path: '/api/v2/peatio/market/orders', expect: 'allow' },
    ],
    differs: 'Barong stores scopes and never looks at them',
  },
]
