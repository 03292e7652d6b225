import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { NOWHERE, type Place } from '../../src/core/place.ts'
import {
  CATEGORIES,
  type Category,
  compileRestrictions,
  defaultCode,
  findRestriction,
  isValueOf,
  matchRestrictions,
  type Restriction,
  SCOPES,
} from '../../src/core/restriction.ts'
import { addressOf, checkOf, policyOf } from './facts.ts'

const JAPAN: Place = {
  ...{ continentCode: 'as', continent: 'asia', countryCode: 'jp', country: 'japan' },
}
const BRITAIN: Place = {
  ...{ continentCode: 'eu', continent: 'europe', countryCode: 'gb', country: 'united kingdom' },
}
const PLACES: Record<string, Place> = { '140.227.60.114': JAPAN, '196.245.163.202': BRITAIN }
const findPlace = ({ text }: { text: string }) => PLACES[text] ?? NOWHERE

let lastId = 0
function row(fields: Partial<Restriction>): Restriction {
  const { category = 'blacklist', scope = 'ip' } = fields
  const code = defaultCode(category, scope)
  return { id: ++lastId, category, scope, value: '1.2.3.4', code, state: 'enabled', ...fields }
}

/** `471 maintenance`, `whitelist`, `unknown` or `–`. */
function said(
  rows: readonly Restriction[],
  ip: string,
  path = '/app',
  find: Parameters<typeof matchRestrictions>[3] = findPlace,
): string {
  const policy = policyOf({ restrictions: compileRestrictions(rows).restrictions })
  const found = findRestriction(checkOf({ address: addressOf(ip), path }), policy, find)
  if (found === 'unknown') return 'unknown'
  const denial = found?.denial
  return denial === undefined ? '–' : `${denial.status} ${denial.reason.replace(/^authz\./, '')}`
}

const LOGIN = '/api/v2/identity/sessions'
const all = (category: Category) => row({ category, scope: 'all', value: 'all' })
const CASES: readonly {
  name: string
  rows: readonly Restriction[]
  ip: string
  path?: string
  expect: string
}[] = [
  { name: 'no row restricts nobody', rows: [], ip: '1.2.3.4', expect: '–' },
  {
    name: 'a blacklisted address is refused with 401',
    ...{ rows: [row({})], ip: '1.2.3.4', expect: '401 restrict.blacklist' },
  },
  { name: 'another address is not', rows: [row({})], ip: '1.2.3.5', expect: '–' },
  {
    name: 'the mapped form of an address is the address',
    ...{ rows: [row({ value: '::ffff:1.2.3.4' })], ip: '1.2.3.4' },
    expect: '401 restrict.blacklist',
  },
  {
    name: 'an IPv6 address in any spelling is the address',
    ...{ rows: [row({ value: '2001:DB8:0::1' })], ip: '2001:db8::1' },
    expect: '401 restrict.blacklist',
  },
  {
    name: 'a disabled row says nothing',
    ...{ rows: [row({ state: 'disabled' })], ip: '1.2.3.4', expect: '–' },
  },
  {
    name: 'a subnet is refused with 403',
    ...{ rows: [row({ scope: 'ip_subnet', value: '1.2.3.0/24' })], ip: '1.2.3.255' },
    expect: '403 restrict.blacklist',
  },
  {
    name: 'outside of it nobody is',
    ...{ rows: [row({ scope: 'ip_subnet', value: '1.2.3.0/24' })], ip: '1.2.4.0', expect: '–' },
  },
  {
    name: 'an IPv6 network holds IPv6 addresses',
    ...{ rows: [row({ scope: 'ip_subnet', value: '2001:db8::/32' })], ip: '2001:db8:9::1' },
    expect: '403 restrict.blacklist',
  },
  {
    name: 'a country by its English name in any case is refused with 423',
    ...{ rows: [row({ scope: 'country', value: 'jaPAN' })], ip: '140.227.60.114' },
    expect: '423 restrict.blacklist',
  },
  {
    name: 'a country by its ISO code',
    ...{ rows: [row({ scope: 'country', value: 'JP' })], ip: '140.227.60.114' },
    expect: '423 restrict.blacklist',
  },
  {
    name: 'another country is not refused',
    ...{ rows: [row({ scope: 'country', value: 'japan' })], ip: '196.245.163.202', expect: '–' },
  },
  {
    name: 'a continent by name',
    ...{ rows: [row({ scope: 'continent', value: 'EUROPE' })], ip: '196.245.163.202' },
    expect: '423 restrict.blacklist',
  },
  {
    name: 'a continent by code',
    ...{ rows: [row({ scope: 'continent', value: 'EU' })], ip: '196.245.163.202' },
    expect: '423 restrict.blacklist',
  },
  {
    name: 'an address that is nowhere is in no country',
    ...{ rows: [row({ scope: 'country', value: 'JP' })], ip: '10.0.0.1', expect: '–' },
  },
  {
    name: 'a whitelist hit ends the asking',
    rows: [row({ category: 'whitelist' }), all('maintenance')],
    ...{ ip: '1.2.3.4', expect: '–' },
  },
  {
    name: 'the whitelist keeps nobody out',
    ...{ rows: [row({ category: 'whitelist' })], ip: '9.9.9.9', expect: '–' },
  },
  {
    name: 'maintenance beats the blacklist',
    ...{ rows: [row({}), all('maintenance')], ip: '1.2.3.4', expect: '471 restrict.maintenance' },
  },
  {
    name: 'a code of its own is the status',
    ...{ rows: [row({ code: 403 })], ip: '1.2.3.4', expect: '403 restrict.blacklist' },
  },
  {
    name: 'a code of 5xx is never told to a gateway',
    ...{ rows: [row({ code: 522 })], ip: '1.2.3.4', expect: '403 restrict.blacklist' },
  },
  {
    name: 'within a category all comes before address before network before place',
    rows: [
      row({ scope: 'continent', value: 'AS', code: 431 }),
      row({ scope: 'ip_subnet', value: '140.0.0.0/8', code: 432 }),
      row({ value: '140.227.60.114', code: 433 }),
    ],
    ...{ ip: '140.227.60.114', expect: '433 restrict.blacklist' },
  },
  {
    name: 'continent comes before country, whatever the order of the rows',
    rows: [
      row({ scope: 'country', value: 'JP', code: 431 }),
      row({ scope: 'continent', value: 'AS', code: 432 }),
    ],
    ...{ ip: '140.227.60.114', expect: '432 restrict.blacklist' },
  },
  {
    name: 'of two networks the first row wins, though the other is narrower',
    rows: [
      row({ scope: 'ip_subnet', value: '10.0.0.0/8', code: 431 }),
      row({ scope: 'ip_subnet', value: '10.1.0.0/16', code: 432 }),
    ],
    ...{ ip: '10.1.2.3', expect: '431 restrict.blacklist' },
  },
  {
    name: 'blocklogin refuses where sessions are opened',
    rows: [row({ category: 'blocklogin', scope: 'continent', value: 'EUROPE', code: 425 })],
    ...{ ip: '196.245.163.202', path: LOGIN, expect: '425 restrict.blocklogin' },
  },
  {
    name: 'blocklogin cannot be dodged by a slash, an extension or capitals',
    ...{ rows: [all('blocklogin')], ip: '1.2.3.4', path: '/api/v2/Identity/sessions.json/' },
    expect: '401 restrict.blocklogin',
  },
  {
    name: 'blocklogin refuses nothing else',
    ...{ rows: [all('blocklogin')], ip: '1.2.3.4', path: '/app', expect: '–' },
  },
  {
    name: 'the path that redeems whitelinks is never restricted',
    rows: [all('maintenance'), all('blacklist')],
    ...{ ip: '1.2.3.4', path: '/api/v2/identity/users/access', expect: '–' },
  },
  {
    name: 'but what lies below it is',
    ...{ rows: [all('maintenance')], ip: '1.2.3.4', path: '/api/v2/identity/users/access/x' },
    expect: '471 restrict.maintenance',
  },
]
for (const { name, rows, ip, path, expect } of CASES) {
  test(name, () => assert.equal(said(rows, ip, path), expect))
}

describe('while no place can be told', () => {
  const lost = () => undefined
  const country = { scope: 'country', value: 'JP' } as const
  test('who would have to be placed is refused', () => {
    assert.equal(said([row(country)], '9.9.9.9', '/app', lost), 'unknown')
  })
  test('an address that an earlier scope decides about needs no place', () => {
    const rows = [row(country), row({})]
    assert.equal(said(rows, '1.2.3.4', '/app', lost), '401 restrict.blacklist')
  })
  test('a whitelist of places opens for nobody', () => {
    const rows = [row({ ...country, category: 'whitelist' }), all('maintenance')]
    assert.equal(said(rows, '9.9.9.9', '/app', lost), '471 restrict.maintenance')
    assert.equal(said(rows.slice(0, 1), '9.9.9.9', '/app', lost), '–')
  })
  test('a place is not asked for where no row names one', () => {
    const never = () => assert.fail('asked')
    assert.equal(said([row({})], '9.9.9.9', '/app', never), '–')
    assert.equal(compileRestrictions([row({})]).restrictions.isPlaceAsked, false)
    assert.equal(compileRestrictions([row(country)]).restrictions.isPlaceAsked, true)
  })
})

test('a match names the row that decided', () => {
  const rows = [row({ value: '9.9.9.9' }), row({}), all('maintenance')]
  const { restrictions } = compileRestrictions(rows.slice(0, 2))
  const found = matchRestrictions(restrictions, addressOf('1.2.3.4'), false, findPlace)
  assert.ok(typeof found === 'object')
  assert.deepEqual(found.row, rows[1])
})

test('values are those that their scope could match', () => {
  const good = {
    all: ['all', 'anything'],
    ip: ['1.2.3.4', '::1', '::ffff:1.2.3.4'],
    ip_subnet: ['10.0.0.0/8', '2001:db8::/32', '0.0.0.0/0', '::ffff:10.0.0.0/104'],
    continent: ['EU', 'eu', 'Europe', 'NORTH AMERICA'],
    country: ['UA', 'ua', 'Ukraine', 'Côte d’Ivoire', 'United Kingdom'],
  }
  const bad = {
    all: [],
    ip: ['', '1.2.3', '10.0.0.0/8', '01.2.3.4', 'localhost', '127.a.b.c'],
    ip_subnet: ['1.2.3.4', '1.2.3.0/one', '1.2.3.0/33', '::/129', '10/8'],
    continent: ['', 'planet', 'EUR', 'Japan'],
    country: ['', 'USA', 'UK', 'ZZQ', 'QQ', 'U', '12', '<b>'],
  }
  for (const scope of SCOPES) {
    for (const value of good[scope]) assert.ok(isValueOf(scope, value), `${scope} ${value}`)
    for (const value of bad[scope]) assert.ok(!isValueOf(scope, value), `${scope} ${value}`)
  }
})

test('a row that can match nothing is named, and the others hold', () => {
  const rows = [row({ id: 77, value: 'nonsense' }), row({})]
  const { restrictions, problems } = compileRestrictions(rows)
  assert.deepEqual(problems, ['restriction 77: `nonsense` is no ip'])
  assert.equal(restrictions.count, 1)
})

/** The same by going through the rows one after the other. */
function scan(rows: readonly Restriction[], ip: string, isLogin: boolean): Restriction | undefined {
  const place = findPlace({ text: ip })
  const holds = ({ scope, value }: Restriction): boolean => {
    const folded = value.toLowerCase()
    if (scope === 'all') return true
    if (scope === 'ip') return value === ip
    if (scope === 'continent') return [place.continentCode, place.continent].includes(folded)
    if (scope === 'country') return [place.countryCode, place.country].includes(folded)
    const [network = '', bits = ''] = value.split('/')
    const number = (text: string) =>
      text.split('.').reduce((sum, one) => sum * 256 + Number(one), 0)
    const size = 2 ** (32 - Number(bits))
    return Math.floor(number(network) / size) === Math.floor(number(ip) / size)
  }
  const live = rows.filter(({ state }) => state === 'enabled')
  for (const category of CATEGORIES) {
    if (category === 'blocklogin' && !isLogin) continue
    for (const scope of SCOPES) {
      const of = live.filter((one) => one.category === category && one.scope === scope)
      const found = of.find(holds)
      if (found !== undefined) return found
    }
  }
  return undefined
}

test('compiled restrictions agree with a linear scan for every table and address', () => {
  const ip = fc.constantFrom('140.227.60.114', '196.245.163.202', '140.227.61.1', '10.0.0.1')
  const scoped = fc.oneof(
    fc.record({ scope: fc.constant('all' as const), value: fc.constant('all') }),
    fc.record({ scope: fc.constant('ip' as const), value: ip }),
    fc.record({
      scope: fc.constant('ip_subnet' as const),
      value: fc.tuple(ip, fc.integer({ min: 0, max: 32 })).map((parts) => parts.join('/')),
    }),
    fc.record({
      scope: fc.constant('continent' as const),
      value: fc.constantFrom('EU', 'Asia', 'AS', 'europe', 'AF'),
    }),
    fc.record({
      scope: fc.constant('country' as const),
      value: fc.constantFrom('JP', 'gb', 'Japan', 'UNITED KINGDOM', 'UA'),
    }),
  )
  const table = fc.array(
    fc
      .record({
        category: fc.constantFrom(...CATEGORIES),
        state: fc.constantFrom('enabled' as const, 'enabled' as const, 'disabled' as const),
        scoped,
      })
      .map(({ category, state, scoped: { scope, value } }) =>
        row({ category, state, scope, value }),
      ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(table, ip, fc.boolean(), (rows, asked, isLogin) => {
      const { restrictions, problems } = compileRestrictions(rows)
      assert.deepEqual(problems, [])
      const found = matchRestrictions(restrictions, addressOf(asked), isLogin, findPlace)
      assert.ok(found !== 'unknown')
      assert.equal(found?.row.id, scan(rows, asked, isLogin)?.id)
    }),
    { numRuns: 10_000 },
  )
})
