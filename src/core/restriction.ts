import { type Address, parseAddress } from './address.ts'
import type { Check } from './check.ts'
import { parseNetwork } from './network.ts'
import {
  compileNetworkTree,
  matchNetworkTree,
  type NetworkEntry,
  type NetworkTree,
} from './network-tree.ts'
import { CONTINENTS, type FindPlace, type Place } from './place.ts'
import type { Policy } from './policy.ts'
import type { Reason } from './reason.ts'
import { isLogin, surveyRoutes } from './route.ts'
import { createDenial, type Deny } from './verdict.ts'

/** In the order in which they are asked; a whitelist hit ends the asking. */
export const CATEGORIES = ['whitelist', 'maintenance', 'blacklist', 'blocklogin'] as const
export type Category = (typeof CATEGORIES)[number]

/** In the order in which they are asked within a category: the first hit wins. */
export const SCOPES = ['all', 'ip', 'ip_subnet', 'continent', 'country'] as const
export type RestrictionScope = (typeof SCOPES)[number]

export const STATES = ['enabled', 'disabled'] as const
export type RestrictionState = (typeof STATES)[number]

/** One row of the restrictions table, as stored. */
export interface Restriction {
  readonly id: number
  readonly category: Category
  readonly scope: RestrictionScope
  /** What the scope is about, e.g. `10.0.0.0/8` or `Japan`; says nothing where the scope is all. */
  readonly value: string
  /** The status of a denial. */
  readonly code: number
  readonly state: RestrictionState
}

/** One row in force, compiled: what a hit says, and why. */
export interface CompiledRestriction {
  readonly row: Restriction
  /** Undefined for the whitelist, which lets pass. */
  readonly denial: Deny | undefined
}

/** Rows compiled: by category, then by scope. Of several rows in a scope the first wins. */
export interface Restrictions {
  /** Rows in force. */
  readonly count: number
  /** Whether some row asks where an address is. */
  readonly isPlaceAsked: boolean
  readonly whitelist: ScopedRows
  readonly maintenance: ScopedRows
  readonly blacklist: ScopedRows
  readonly blocklogin: ScopedRows
}

interface ScopedRows {
  readonly rows: readonly CompiledRestriction[]
  /** Places in `rows`; -1 where there is none. */
  readonly all: number
  readonly addresses: ReadonlyMap<string, number>
  readonly networks: NetworkTree
  /** By code and by English name, in lower case. */
  readonly continents: ReadonlyMap<string, number>
  readonly countries: ReadonlyMap<string, number>
}

const REASONS: Record<Exclude<Category, 'whitelist'>, Reason> = {
  maintenance: 'authz.restrict.maintenance',
  blacklist: 'authz.restrict.blacklist',
  blocklogin: 'authz.restrict.blocklogin',
}

/** Barong's status where a row names none. */
export function defaultCode(category: Category, scope: RestrictionScope): number {
  if (category === 'maintenance') return 471
  if (scope === 'continent' || scope === 'country') return 423
  return scope === 'ip_subnet' ? 403 : 401
}

/** Codes that a row may name: Barong's rows hold whatever client software looks for. */
export const CODE_MIN = 400
export const CODE_MAX = 599

/**
 * A gateway may turn a 5xx of its authorizer into an allow, so such a code is worn by the body's
 * reason alone and the status is 403.
 */
function statusOf(code: number): number {
  return code >= CODE_MIN && code < 500 ? code : 403
}

/** Whether the value is one of the scope, so that it could ever match. For those who write rows. */
export function isValueOf(scope: RestrictionScope, value: string): boolean {
  const folded = value.toLowerCase()
  switch (scope) {
    case 'all':
      return true
    case 'ip':
      return parseAddress(value) !== undefined
    case 'ip_subnet':
      return value.includes('/') && parseNetwork(value) !== undefined
    case 'continent':
      return CONTINENTS.has(folded) || [...CONTINENTS.values()].includes(folded)
    case 'country':
      return isCountry(value)
  }
}

/** Two letters must be a code in use; a name is not looked up, but alpha-3 codes are no names. */
function isCountry(value: string): boolean {
  if (value.length !== 2) return /^\p{L}[\p{L} .,'’()-]{3,}$/u.test(value)
  if (!/^[a-z]{2}$/i.test(value)) return false
  const code = value.toUpperCase()
  // UK is a name of GB to some, and no country to a file that says GB.
  if (new Intl.Locale(`und-${code}`).region !== code) return false
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
  return names.of(code) !== undefined
}

/** Rows that can match nothing are listed in `problems`; disabled ones are left out. */
export function compileRestrictions(rows: readonly Restriction[]): {
  readonly restrictions: Restrictions
  readonly problems: readonly string[]
} {
  const problems: string[] = []
  const inForce = rows.filter((row) => {
    if (row.state !== 'enabled') return false
    // A country is not looked up again: that a stored one exists is its writer's business.
    if (row.scope === 'country' || isValueOf(row.scope, row.value)) return true
    problems.push(`restriction ${row.id}: \`${row.value}\` is no ${row.scope}`)
    return false
  })
  const of = (category: Category) =>
    compileScopes(inForce.filter((row) => row.category === category))
  const isPlace = ({ scope }: Restriction) => scope === 'continent' || scope === 'country'
  const restrictions = {
    count: inForce.length,
    isPlaceAsked: inForce.some(isPlace),
    whitelist: of('whitelist'),
    maintenance: of('maintenance'),
    blacklist: of('blacklist'),
    blocklogin: of('blocklogin'),
  }
  return { restrictions, problems }
}

function compileScopes(rows: readonly Restriction[]): ScopedRows {
  const addresses = new Map<string, number>()
  const networks: NetworkEntry[] = []
  const continents = new Map<string, number>()
  const countries = new Map<string, number>()
  let all = -1
  for (const [at, { scope, value }] of rows.entries()) {
    const put = (map: Map<string, number>, key: string): void => {
      if (!map.has(key)) map.set(key, at)
    }
    if (scope === 'all') all = all === -1 ? at : all
    else if (scope === 'ip') put(addresses, (parseAddress(value) as Address).text)
    else if (scope === 'continent') put(continents, value.toLowerCase())
    else if (scope === 'country') put(countries, value.toLowerCase())
    else networks.push({ ...(parseNetwork(value) as NetworkEntry), value: at })
  }
  const compiled = rows.map((row) => ({ row, denial: denialOf(row) }))
  return {
    rows: compiled,
    all,
    addresses,
    networks: compileNetworkTree(networks),
    continents,
    countries,
  }
}

function denialOf({ category, code }: Restriction): Deny | undefined {
  return category === 'whitelist' ? undefined : createDenial(REASONS[category], statusOf(code))
}

/** No row at all. */
export const NO_RESTRICTIONS: Restrictions = compileRestrictions([]).restrictions

/**
 * The row that decides about a request from `address`; undefined if none does, `'unknown'` if a
 * row asks for a place that cannot be told now. Allocates nothing.
 */
export function matchRestrictions(
  restrictions: Restrictions,
  address: Address,
  isLoginPath: boolean,
  findPlace: FindPlace,
): CompiledRestriction | 'unknown' | undefined {
  if (restrictions.count === 0) return undefined
  const { whitelist, maintenance, blacklist, blocklogin } = restrictions
  const listed = matchScopes(whitelist, address, findPlace)
  // Who cannot be placed is not on a list of places: the whitelist only opens.
  if (listed !== undefined && listed !== 'unknown') return listed
  return (
    matchScopes(maintenance, address, findPlace) ??
    matchScopes(blacklist, address, findPlace) ??
    (isLoginPath ? matchScopes(blocklogin, address, findPlace) : undefined)
  )
}

function matchScopes(
  scoped: ScopedRows,
  address: Address,
  findPlace: FindPlace,
): CompiledRestriction | 'unknown' | undefined {
  const { rows } = scoped
  if (rows.length === 0) return undefined
  if (scoped.all !== -1) return rows[scoped.all]
  const exact = scoped.addresses.get(address.text)
  if (exact !== undefined) return rows[exact]
  const network = matchNetworkTree(scoped.networks, address)
  if (network !== -1) return rows[network]
  if (scoped.continents.size === 0 && scoped.countries.size === 0) return undefined
  const place = findPlace(address)
  return place === undefined ? 'unknown' : matchPlace(scoped, place)
}

function matchPlace(
  { rows, continents, countries }: ScopedRows,
  place: Place,
): CompiledRestriction | undefined {
  const at =
    firstOf(continents, place.continentCode, place.continent) ??
    firstOf(countries, place.countryCode, place.country)
  return at === undefined ? undefined : rows[at]
}

/** The earlier of the rows that two names of one place lead to. */
function firstOf(
  rows: ReadonlyMap<string, number>,
  code: string,
  name: string,
): number | undefined {
  const byCode = rows.get(code)
  const byName = rows.get(name)
  if (byCode === undefined) return byName
  return byName === undefined ? byCode : Math.min(byCode, byName)
}

/** As `matchRestrictions`, for a check: the policy says which paths open sessions. */
export function findRestriction(
  check: Check,
  policy: Policy,
  findPlace: FindPlace,
): CompiledRestriction | 'unknown' | undefined {
  const { restrictions, routes } = policy
  if (restrictions.count === 0 || surveyRoutes(routes, check).isUnrestricted) return undefined
  const isLoginPath = restrictions.blocklogin.rows.length > 0 && isLogin(routes, check.foldedPath)
  return matchRestrictions(restrictions, check.address, isLoginPath, findPlace)
}
