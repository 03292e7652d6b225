import type { Case } from './case.ts'
import { BRITAIN, CLIENT, JAPAN, LOGIN, LOGIN_PATH, restrictions } from './world.ts'

const BLACKLISTED = 'authz.restrict.blacklist'
const at = (address: string) => ({ sessions: [{ ...LOGIN, address }] })

/** Who may not come in at all. */
export const RESTRICTIONS: readonly Case[] = [
  {
    no: 77,
    name: 'nobody of a continent may sign in',
    world: { restrictions: restrictions('blocklogin continent EUROPE 425') },
    steps: [
      {
        ...{ method: 'POST', path: LOGIN_PATH, client: BRITAIN, isGuest: true },
        ...{ expect: 'authz.restrict.blocklogin', status: 425 },
      },
    ],
  },
  {
    no: 78,
    name: 'whoever is signed in there goes on',
    world: { ...at(BRITAIN), restrictions: restrictions('blocklogin continent EUROPE 425') },
    steps: [{ client: BRITAIN, expect: 'allow' }],
  },
  {
    no: 79,
    name: 'an address',
    world: { restrictions: restrictions(`blacklist ip ${CLIENT} 401`) },
    steps: [{ expect: BLACKLISTED }],
  },
  {
    no: 80,
    name: 'another address',
    world: { restrictions: restrictions('blacklist ip 168.238.57.65 401') },
    steps: [{ expect: 'allow' }],
  },
  {
    no: 81,
    name: 'a row that is disabled',
    world: { restrictions: restrictions(`blacklist ip ${CLIENT} 401 disabled`) },
    steps: [{ expect: 'allow' }],
  },
  {
    no: 82,
    name: 'a network',
    world: { restrictions: restrictions('blacklist ip_subnet 168.238.57.0/24 403') },
    steps: [{ expect: BLACKLISTED, status: 403 }],
  },
  {
    no: 83,
    name: 'outside of the network',
    world: { restrictions: restrictions('blacklist ip_subnet 168.238.58.0/24 403') },
    steps: [{ expect: 'allow' }],
  },
  {
    no: 84,
    name: 'a country, in any case',
    world: { ...at(JAPAN), restrictions: restrictions('blacklist country japan 423') },
    steps: [{ client: JAPAN, expect: BLACKLISTED, status: 423 }],
  },
  {
    no: 85,
    name: 'another country',
    world: { ...at(BRITAIN), restrictions: restrictions('blacklist country japan 423') },
    steps: [{ client: BRITAIN, expect: 'allow' }],
  },
  {
    no: 86,
    name: 'a continent',
    world: { ...at(BRITAIN), restrictions: restrictions('blacklist continent EUROPE 423') },
    steps: [{ client: BRITAIN, expect: BLACKLISTED, status: 423 }],
  },
  {
    no: 87,
    name: 'another continent',
    world: { ...at(JAPAN), restrictions: restrictions('blacklist continent EUROPE 423') },
    steps: [{ client: JAPAN, expect: 'allow' }],
  },
  {
    no: 88,
    name: 'a whitelist goes before maintenance',
    world: {
      restrictions: restrictions('maintenance all all 471', `whitelist ip ${CLIENT} 200`),
    },
    steps: [{ expect: 'allow' }],
  },
  {
    no: 89,
    name: 'maintenance goes before a blacklist',
    world: {
      restrictions: restrictions(`blacklist ip ${CLIENT} 401`, 'maintenance all all 471'),
    },
    steps: [{ expect: 'authz.restrict.maintenance', status: 471 }],
  },
  {
    no: 90,
    name: 'a row with a code of its own',
    world: { restrictions: restrictions(`blacklist ip ${CLIENT} 403`) },
    steps: [{ expect: BLACKLISTED, status: 403 }],
    proofs: [
      [
        'test/identity/admin-restrictions.test.ts',
        'a row is added with the status of its category and scope',
      ],
    ],
  },
  {
    no: 91,
    name: 'a whitelist keeps nobody out',
    world: { restrictions: restrictions('whitelist ip 10.9.9.9 200') },
    steps: [{ expect: 'allow' }],
  },
  {
    no: 92,
    name: 'ISO codes name countries and continents too, and IPv6 networks are networks',
    world: {
      restrictions: restrictions(
        'blacklist country JP 423',
        'blacklist continent EU 423',
        'blacklist ip_subnet 2001:db8::/32 403',
      ),
    },
    steps: [
      { client: JAPAN, expect: BLACKLISTED, status: 423 },
      { client: BRITAIN, expect: BLACKLISTED, status: 423 },
      { client: '2001:db8::7', expect: BLACKLISTED, status: 403 },
    ],
    differs: 'Barong knows localized names and IPv4 alone: rows of its own documents never match',
  },
  {
    no: 93,
    name: 'a scope that is none, values that are none of their scope',
    proofs: [
      ['test/core/restriction.test.ts', 'values are those that their scope could match'],
      ['test/identity/admin-restrictions.test.ts', 'admin.restriction.invalid_scope'],
      ['test/identity/admin-restrictions.test.ts', 'value.invalid'],
    ],
  },
  {
    no: 94,
    name: 'a blocklogin that comes into force ends every session; nothing else does',
    proofs: [
      ['test/identity/admin-restrictions.test.ts', 'an enabled blocklogin ends every session'],
      [
        'test/store/sql-restrictions.test.ts',
        'a blocklogin row that comes into force ends every session at once',
      ],
    ],
  },
  {
    no: 95,
    name: 'lists by scope, category and date, in pages',
    proofs: [
      [
        'test/identity/admin-restrictions.test.ts',
        'rows are listed by scope and category, in pages',
      ],
      [
        'test/store/sql-restrictions.test.ts',
        'rows are found by category, scope, state and time, in pages',
      ],
    ],
  },
  {
    no: 96,
    name: 'whitelinks of the default length, of 30, and of 31',
    proofs: [
      [
        'test/identity/admin-restrictions.test.ts',
        'a whitelink lives a day, or what was asked for up to 30',
      ],
    ],
  },
  {
    no: 97,
    name: 'rows are changed in part, refused, and removed',
    proofs: [
      [
        'test/identity/admin-restrictions.test.ts',
        'a row is changed in part and held to the same rules',
      ],
      [
        'test/identity/admin-restrictions.test.ts',
        'a row that does not exist is neither changed nor removed',
      ],
    ],
  },
]
