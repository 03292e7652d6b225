import { isSame, isWithin } from './address.ts'
import { folded } from './policy.ts'
import type { PlaceRow, RestrictionRow, World } from './world.ts'

const SCOPES = ['all', 'ip', 'ip_subnet', 'continent', 'country']
const CONTINENTS = [
  ...['af', 'an', 'as', 'eu', 'na', 'oc', 'sa', 'africa', 'antarctica', 'asia', 'europe'],
  ...['north america', 'oceania', 'south america'],
]
const NOWHERE = { continentCode: '', continent: '', countryCode: '', country: '' }

/** What restrictions refuse: a row, `unknown` where it cannot be told, or nothing. */
export function restrict(
  world: World,
  client: string,
  path: string,
): RestrictionRow | 'unknown' | undefined {
  if (world.routes.unrestricted.includes(path)) return undefined
  const hit = (category: string) => firstHit(world, client, category)
  const listed = hit('whitelist')
  if (listed !== undefined && listed !== 'unknown') return undefined
  const refused = hit('maintenance') ?? hit('blacklist')
  if (refused !== undefined) return refused
  return isLogin(world, path) ? hit('blocklogin') : undefined
}

function firstHit(
  world: World,
  client: string,
  category: string,
): RestrictionRow | 'unknown' | undefined {
  const rows = world.restrictions.filter(
    (row) => row.category === category && row.state === 'enabled' && isPossible(row),
  )
  if (rows.length === 0) return undefined
  const place = world.places.find(({ address }) => isSame(address, client)) ?? NOWHERE
  for (const scope of SCOPES) {
    const ofScope = rows.filter((row) => row.scope === scope)
    const isOfPlace = scope === 'continent' || scope === 'country'
    if (isOfPlace && ofScope.length > 0 && !world.isPlaceKnown) return 'unknown'
    const found = ofScope.find((row) => isHit(row, client, place))
    if (found !== undefined) return found
  }
  return undefined
}

/** A row that nobody could ever match is not in force, and asks for no place. */
function isPossible({ scope, value }: RestrictionRow): boolean {
  return scope !== 'continent' || CONTINENTS.includes(value.toLowerCase())
}

function isHit(
  { scope, value }: RestrictionRow,
  client: string,
  place: Omit<PlaceRow, 'address'>,
): boolean {
  const name = value.toLowerCase()
  if (scope === 'all') return true
  if (scope === 'ip') return isSame(value, client)
  if (scope === 'ip_subnet') return value.includes('/') && isWithin(client, value)
  if (scope === 'continent') return name === place.continentCode || name === place.continent
  return name === place.countryCode || name === place.country
}

/** A slash at the end and an extension are looked through: some servers do. */
function isLogin({ routes }: World, path: string): boolean {
  if (routes.login.length === 0) return false
  const plain = folded(path)
  const bare = plain.replace(/\/$/, '')
  return [plain, bare, bare.replace(/\.[^./]*$/, '')].some((each) => routes.login.includes(each))
}
