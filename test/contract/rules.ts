import type { Case } from './case.ts'
import { LOGIN_PATH, NOW_MS, ofRole, PATH, restrictions } from './world.ts'

const DENIED = 'authz.invalid_permission'
const ORDERS = '/api/v2/peatio/market/orders'
const READERS = ofRole('member', 'member GET api/v2/peatio/market ACCEPT')

/** What a role may do. */
export const RULES: readonly Case[] = [
  { no: 36, name: 'no cookie', steps: [{ isGuest: true, expect: 'authz.invalid_session' }] },
  {
    no: 37,
    name: 'a role without a row for the path',
    world: ofRole('member', 'member ALL api/v2/finex ACCEPT', 'admin ALL api/v2 ACCEPT'),
    steps: [{ expect: DENIED }],
  },
  {
    no: 38,
    name: 'GET allowed and POST denied on one path',
    world: READERS,
    steps: [
      { path: ORDERS, expect: 'allow' },
      { path: ORDERS, method: 'POST', expect: DENIED },
    ],
  },
  {
    no: 39,
    name: 'a path with a slip of the pen',
    world: READERS,
    steps: [{ path: '/api/v2/peatio/markte/orders', expect: DENIED }],
  },
  {
    no: 40,
    name: 'a row that accepts',
    world: READERS,
    steps: [{ path: ORDERS, expect: 'allow' }],
  },
  {
    no: 41,
    name: 'an API key whose holder’s role may',
    world: READERS,
    steps: [{ path: ORDERS, signed: {}, expect: 'allow' }],
  },
  {
    no: 42,
    name: 'an API key whose holder’s role may not',
    world: READERS,
    steps: [{ path: ORDERS, method: 'POST', signed: {}, expect: DENIED }],
  },
  {
    no: 43,
    name: 'a refused POST uses up nothing: the same nonce and signature then read',
    world: READERS,
    steps: [
      { path: ORDERS, method: 'POST', signed: {}, expect: DENIED },
      { path: ORDERS, signed: {}, expect: 'allow' },
      { path: ORDERS, signed: {}, expect: 'allow' },
    ],
  },
  {
    no: 44,
    name: 'where requests of version 1 pass once, a refused one uses up nothing either',
    world: { ...READERS, isV1Once: true },
    steps: [
      { path: ORDERS, method: 'POST', signed: {}, expect: DENIED },
      { path: ORDERS, signed: {}, expect: 'allow' },
      { path: ORDERS, signed: {}, expect: 'authz.nonce_used' },
      { path: ORDERS, signed: { nonce: String(NOW_MS + 1) }, expect: 'allow' },
    ],
    differs: 'Barong takes a captured request again; DVARA_APIKEY_V1_REPLAY=deny does not',
  },
  {
    no: 69,
    name: 'any DROP wins, in whatever order',
    world: ofRole(
      'member',
      'member ALL api/v2 ACCEPT',
      'member ALL api/v2/peatio DROP',
      'member GET api/v2/peatio/account ACCEPT',
    ),
    steps: [{ expect: DENIED }, { path: '/api/v2/finex/market', expect: 'allow' }],
  },
  {
    no: 70,
    name: 'AUDIT alone allows nothing',
    world: ofRole('member', 'member ALL api/v2 AUDIT'),
    steps: [{ expect: DENIED }],
  },
  {
    no: 71,
    name: 'a verb that ALL does not stand for needs a row of its own',
    world: ofRole('member', 'member ALL api/v2 ACCEPT', 'member PURGE api/v2/peatio ACCEPT'),
    steps: [
      { method: 'PROPFIND', expect: DENIED },
      { method: 'PURGE', expect: 'allow' },
    ],
    differs: 'under Barong’s ALL every verb passes, and verbs that it does not know skip CSRF',
  },
  {
    no: 72,
    name: 'prefixes end where a segment ends',
    world: ofRole('member', 'member ALL api/v2/peatio/account ACCEPT'),
    steps: [
      { path: '/api/v2/peatio/accounts', expect: DENIED },
      { path: '/api/v2/peatio/account', expect: 'allow' },
      { path: '/api/v2/barong/publicly', isGuest: true, expect: 'authz.invalid_session' },
    ],
    differs: 'Barong’s prefixes end anywhere: what passes `public` passes `publicly`',
  },
  {
    no: 73,
    name: 'a path with two readings',
    steps: [
      '/api/v2/barong/public/../admin',
      '//api/v2/peatio/account',
      '/api/v2/peatio%2Faccount',
      '/api/v2/barong/public/%2e%2e/admin',
    ].map((path) => ({ path, expect: 'authz.ambiguous_path', status: 403 })),
    differs: 'Barong squeezes, trims and decodes a path before it matches; the upstream may not',
  },
  {
    no: 74,
    name: 'a path that is blocked below a public one',
    world: {
      routes: {
        ...{ public: ['/api/v2'], blocked: ['/api/v2/barong/management'], preflight: [] },
        ...{ audiences: [], defaultAudience: ['barong'], unrestricted: [], login: [] },
      },
    },
    steps: [{ path: '/api/v2/barong/management/x', expect: 'authz.permission_denied' }],
  },
  {
    no: 75,
    name: 'restrictions come before blocked and public paths',
    world: { restrictions: restrictions('maintenance all all 471') },
    steps: [
      ...[PATH, '/api/v2/peatio/public/ping', '/api/v2/peatio/management/ping', LOGIN_PATH],
    ].map((path) => ({ path, expect: 'authz.restrict.maintenance', status: 471 })),
  },
  {
    no: 76,
    name: 'the one path that restrictions do not hold for',
    world: { restrictions: restrictions('maintenance all all 471') },
    steps: [
      {
        ...{ method: 'POST', path: '/api/v2/barong/identity/users/access', isGuest: true },
        expect: 'anyone',
      },
    ],
  },
]
