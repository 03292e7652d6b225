import type {
  KeyRow,
  Login,
  PermissionRow,
  Person,
  PlaceRow,
  RestrictionRow,
  RouteLists,
  World,
} from '../../reference/world.ts'
import type { Dice } from '../dice.ts'
import { materialOf } from './sign.ts'

/** The instant around which every world turns. */
export const NOW_MS = 1_700_000_000_000

/** Few and alike, so that prefixes collide: one begins another, one is another in capitals. */
const SEGMENTS = ['a', 'ab', 'b', 'A', 'x.y', 'a-b', '7', 'api', 'v2', 'admin', 'a:b', '~', '@']
/** The first as often as all the others: rows of one role must meet people of it. */
const ROLES = ['member', 'member', 'member', 'member', 'admin', 'Member', 'sa', '']
const VERBS = ['ALL', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PURGE', 'get']
const ACTIONS = ['ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP', 'AUDIT']
const BINDINGS = ['strict', 'strict', 'agent', 'network', 'off']
const STATES = [
  ...['active', 'active', 'active', 'active', 'active', 'active', 'active', 'active', 'active'],
  ...['active', 'active', 'active', 'active', 'active', 'active', 'active', 'active', 'active'],
  ...['pending', 'banned', 'deleted', 'Active', ''],
]
const AGENTS = ['Mozilla/5.0', 'mozilla/5.0', 'curl/8', '', 'a, b']
const TOPICS = [null, 'general', 'orders', '']
/** Neighbours on both sides of /16, /64 and the mapped form of one of them. */
const FOURS = ['198.51.100.7', '198.51.255.255', '198.52.0.0', '0.0.0.0', '203.0.113.9', '10.0.0.1']
const SIXES = [
  ...['::ffff:198.51.100.8', '::ffff:c633:6407', '2001:db8::1', '2001:db8::ffff:0:1'],
  ...['2001:db8:0:1::1', '2001:DB8:0:0:ffff::', '::1', '::c633:6407'],
]

/** The longer ones seldom: they cost most of what it takes to read a check. */
export function drawAddress(dice: Dice): string {
  return dice.pick(dice.once(6) ? SIXES : FOURS)
}
const NETWORKS = [
  ...['198.51.0.0/16', '198.51.100.7', '198.51.100.6/31', '0.0.0.0/0', '203.0.113.0/29'],
  ...['2001:db8::/64', '2001:db8:0:1::/63', '::/0', '::ffff:198.51.100.0/120', '::1/128'],
]
const AUDIENCES = [['dvara'], ['trade'], ['trade', 'ledger']] as const

export function drawWorld(dice: Dice): World {
  const paths = Array.from({ length: 2 + dice.below(5) }, () => drawPath(dice))
  const principals = Array.from({ length: 1 + dice.below(4) }, (_, at) => drawPerson(dice, at))
  const sessions = Array.from({ length: 1 + dice.below(6) }, (_, at) =>
    drawLogin(dice, at, dice.pick(principals).uid),
  )
  return {
    cookieName: dice.pick(['dvara_session', '__Host-dvara', 'a']),
    isCsrfRequired: !dice.once(3),
    binding: dice.pick(BINDINGS),
    idleMs: dice.pick([1, 1000, 1_800_000]),
    tokenTtlMs: dice.pick([1000, 60_000, 3_600_000]),
    issuer: dice.pick(['dvara', 'barong']),
    routes: drawRoutes(dice, paths),
    permissions: drawPermissions(dice, paths),
    principals,
    sessions,
    keys: drawKeys(dice, paths, principals),
    isV1Once: dice.once(3),
    restrictions: dice.once(3) ? drawRestrictions(dice) : [],
    places: PLACES,
    isPlaceKnown: !dice.once(6),
  }
}

const JAPAN = { continentCode: 'as', continent: 'asia', countryCode: 'jp', country: 'japan' }
const PLACES: readonly PlaceRow[] = [
  { address: '198.51.100.7', ...JAPAN },
  { address: '2001:db8::1', ...JAPAN, countryCode: 'kr', country: 'south korea' },
  {
    ...{ address: '203.0.113.9', continentCode: 'eu', continent: 'europe' },
    ...{ countryCode: 'gb', country: 'united kingdom' },
  },
]
const VALUES: Readonly<Record<string, readonly string[]>> = {
  all: ['', 'all', 'x'],
  ip: [...FOURS, ...SIXES],
  ip_subnet: NETWORKS,
  continent: ['EU', 'Europe', 'europe', 'as', 'ASIA', 'xx'],
  country: ['JP', 'Japan', 'japan', 'KR', 'South Korea', 'United Kingdom', 'gb', 'JPN'],
}

/** Few rows, and seldom one for everybody: it would hide all the others. */
function drawRestrictions(dice: Dice): RestrictionRow[] {
  const scopes = ['ip', 'ip', 'ip_subnet', 'ip_subnet', 'continent', 'country']
  return Array.from({ length: 1 + dice.below(5) }, (_, id) => {
    const scope = dice.once(12) ? 'all' : dice.pick(scopes)
    return {
      id,
      category: dice.pick(['whitelist', 'maintenance', 'blacklist', 'blocklogin', 'blocklogin']),
      scope,
      value: dice.pick(VALUES[scope] as readonly string[]),
      code: dice.pick([401, 403, 423, 425, 471, 499, 500, 522]),
      state: dice.once(5) ? 'disabled' : 'enabled',
    }
  })
}

/** Two to four segments, lower case more often than not. */
export function drawPath(dice: Dice): string {
  let path = ''
  for (let count = 1 + dice.below(4); count > 0; count--) path += `/${dice.pick(SEGMENTS)}`
  return dice.once(3) ? path : path.toLowerCase()
}

/** A prefix that stands near one of the paths: itself, above it, below it, or cut in a segment. */
function drawPrefix(dice: Dice, paths: readonly string[]): string {
  const path = dice.pick(paths)
  switch (dice.below(9)) {
    case 8:
      return path.replace(/\/[^/]+/, (segment) => (dice.once(8) ? `${segment}*` : '/*'))
    case 0:
      return path.slice(0, path.lastIndexOf('/')) || '/'
    case 1:
      return path.length > 2 ? path.slice(0, -1).replace(/\.$/, '') : path
    case 2:
      return `${path}/${dice.pick(SEGMENTS)}`
    case 3:
      return `${path}/`
    case 4:
      return path.slice(1)
    case 5:
      return dice.once(4) ? '/' : path
    default:
      return path
  }
}

function drawRoutes(dice: Dice, paths: readonly string[]): RouteLists {
  const some = (countMax: number) =>
    Array.from({ length: dice.below(countMax + 1) }, () => drawPrefix(dice, paths).toLowerCase())
      // A star would be a plain character in one list and a pattern in another.
      .filter((prefix) => !prefix.includes('*'))
  const audiences = [...new Set(some(3).map((prefix) => `/${prefix.replace(/^\/|\/+$/g, '')}`))]
  return {
    public: dice.once(2) ? some(2) : [],
    blocked: dice.once(4) ? some(2) : [],
    preflight: dice.once(2) ? some(2) : [],
    audiences: audiences.map((prefix) => ({ prefix, audience: dice.pick(AUDIENCES) })),
    defaultAudience: dice.pick(AUDIENCES),
    unrestricted: dice.once(3) ? [dice.pick(paths).toLowerCase()] : [],
    login: !dice.once(3) ? paths.map((path) => path.toLowerCase()).slice(0, 2) : [],
  }
}

/** Now and then a path that no request can have, and the same row twice. */
function drawPermissions(dice: Dice, paths: readonly string[]): PermissionRow[] {
  const rows: PermissionRow[] = []
  // In most worlds somebody may go nearly everywhere: refusals are more frequent by themselves.
  if (!dice.once(4)) {
    for (const role of new Set(ROLES)) {
      rows.push({ id: 0, role, verb: 'ALL', path: '/', action: 'ACCEPT', topic: null })
      if (dice.once(3)) rows.push(drawWatch(dice, paths, role))
    }
  }
  for (let id = 1, count = dice.below(14); id <= count; id++) {
    const again = dice.once(10) && rows.length > 0 ? rows[dice.below(rows.length)] : undefined
    rows.push({
      role: dice.pick(ROLES),
      verb: dice.pick(VERBS),
      path: dice.once(20)
        ? dice.pick(['//a', '/a;b', '/a%20', '?', '', 'a//'])
        : drawPrefix(dice, paths),
      action: dice.pick(ACTIONS),
      topic: dice.pick(TOPICS),
      ...again,
      id,
    })
  }
  return rows
}

/** An AUDIT row for much of what a role does. */
function drawWatch(dice: Dice, paths: readonly string[], role: string): PermissionRow {
  const path = dice.once(2) ? '/' : drawPrefix(dice, paths)
  const verb = dice.once(2) ? 'ALL' : dice.pick(VERBS)
  return { id: 0, role, verb, path, action: 'AUDIT', topic: dice.pick(TOPICS) }
}

function drawKeys(dice: Dice, paths: readonly string[], principals: readonly Person[]): KeyRow[] {
  return Array.from({ length: dice.below(4) }, (_, at) => {
    // The others take a hundred times as long.
    const algorithm = dice.once(96) ? dice.pick(['EdDSA', 'ES256', 'RS256']) : 'HS256'
    const scope = () => (dice.once(2) ? drawPath(dice) : `${dice.pick(VERBS)} ${dice.pick(paths)}`)
    return {
      kid: `k${at}`,
      uid: dice.pick(principals).uid,
      algorithm,
      material: materialOf(algorithm, at),
      isV1Accepted: !dice.once(4),
      scopes: dice.once(3) ? [scope(), scope()].slice(dice.below(2)) : [],
      networks: dice.once(3) ? [dice.pick(NETWORKS), dice.pick(NETWORKS)].slice(dice.below(2)) : [],
      state: dice.once(8) ? dice.pick(['inactive', 'Active', '']) : 'active',
      expiresAtMs: dice.once(3) ? NOW_MS + dice.pick([0, 1, 500, 1000, 60_000]) : null,
    }
  })
}

function drawPerson(dice: Dice, at: number): Person {
  const kind = dice.once(4) ? 'service' : 'user'
  return {
    uid: `ID${at}`,
    kind,
    username: dice.pick([null, 'someone', 'é"']),
    email: dice.pick(['a@b.example', '']),
    role: dice.pick(ROLES),
    level: dice.below(4),
    state: dice.pick(STATES),
    referralId: dice.pick([null, 0, 7]),
    otp: !dice.once(5),
  }
}

function drawLogin(dice: Dice, at: number, uid: string): Login {
  const endsAtMs = NOW_MS + (dice.once(3) ? dice.pick([0, 1, 999, 1500, 60_000]) : 86_400_000)
  const idleMs = dice.once(3) ? dice.pick([0, 1, 999, 1000, 60_000]) : 86_400_000
  return {
    id: dice.bytes(51).toString('base64url').slice(0, 67) + String(at),
    uid,
    csrfToken: dice.pick([`c${at}`, 'c0ffee', 'C0FFEE']),
    userAgent: dice.pick(AGENTS),
    address: drawAddress(dice),
    endsAtMs,
    idleAtMs: Math.min(endsAtMs, NOW_MS + idleMs),
  }
}
