import { readTarget } from '../../../src/core/path.ts'
import { compileRoutes, matchRoutes, PUBLIC, readRouteTable } from '../../../src/core/route.ts'
import { compileRules, matchRules, type Permission } from '../../../src/core/rule.ts'
import { readPath } from '../../reference/path.ts'
import { isBlocked, isPublic, permit } from '../../reference/policy.ts'
import type { RouteLists } from '../../reference/world.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'
import { readingsOf } from './readings.ts'

interface PathCase extends Input {
  readonly target: string
}

const LISTS: RouteLists = {
  public: ['/api/v2/public', '/open'],
  blocked: ['/api/v2/public/internal', '/open/admin', '/open/jobs:run'],
  preflight: [],
  audiences: [],
  defaultAudience: ['dvara'],
  unrestricted: [],
  login: [],
}
const ROLE = 'member'
const ROWS: readonly Permission[] = [
  { id: 1, role: ROLE, verb: 'ALL', path: '/api', action: 'ACCEPT', topic: null },
  { id: 2, role: ROLE, verb: 'ALL', path: '/api/v2/admin', action: 'DROP', topic: null },
  { id: 3, role: ROLE, verb: 'ALL', path: '/api/v2/users/@me', action: 'DROP', topic: null },
]

const STARTS = ['/api/v2/public', '/open', '/api/v2', '/api', '/', '', '//', 'api', '*', '/API/v2']
const PIECES = [
  ...['/', '/', '/', '//', '.', '..', '/../', '/./', '/..;/', '%2e', '%2E', '%2f', '%5C', '\\'],
  ...[';', ';a=b', '%3b', '%00', '\0', '#', '%23', '?', '%3F', '%25', '%252e', '%', '%4', '%zz'],
  ...[
    'public',
    'internal',
    'INTERNAL',
    'admin',
    'Admin',
    '%41dmin',
    '%61dmin',
    'open',
    'v2',
    'api',
  ],
  ...['jobs:run', 'jobs%3Arun', 'jobs%3arun', 'users', '@me', '%40me', '%40ME', 'a', 'X', '~', '-'],
  ...['%20', ' ', '\t', '%09', '\r\n', '%0d%0a', '\u007f', '%7f', '\u00e9', '%c3%a9', 'e%cc%81'],
  ...['%ef%bc%8f', '\uff0f', '%ef%bd%81dmin', '%c0%ae', '%e2%80%8b', '%c2%a0', '%ff', '%ef%bb%bf'],
]

/**
 * No interpretation of a path may escape: whatever is made of a public path is public, and
 * whatever is made of one that a role may use is not refused to it. The plain reference must say
 * the same of the path itself.
 */
export const pathTarget = target<PathCase>({
  name: 'path',
  about: 'every reading of a path that passes would pass too; refusals as in the reference',
  share: 1,
  start() {
    const reading = readRouteTable({
      version: 1,
      public: LISTS.public,
      blocked: LISTS.blocked,
      default_audience: LISTS.defaultAudience,
    })
    if ('problems' in reading) throw new Error(reading.problems.join('\n'))
    const routes = compileRoutes(reading.table)
    const { rules } = compileRules(ROWS)
    return { draw: drawTarget, judge }

    function judge({ target: raw }: PathCase): string | undefined {
      const read = readTarget(raw)
      const plain = readPath(raw)
      if (read?.path !== plain?.path) return 'one takes it, the other does not'
      if (read === undefined || plain === undefined) return undefined
      const { path, foldedPath, query } = read
      if (query !== plain.query) return 'the queries differ'
      const isOpen = matchRoutes(routes, path, foldedPath) === PUBLIC
      if (isOpen !== isPublicByReference(path)) return 'public to one, not to the other'
      const at = { method: 'GET', path, foldedPath }
      const isAllowed = matchRules(rules, ROLE, at).isAccepted
      if (isAllowed !== isAllowedByReference(path)) return 'allowed by one, not by the other'
      if (!isOpen && !isAllowed) return undefined
      for (const each of readingsOf(path)) {
        if (isOpen && !isPublicByReference(each)) return `is read as ${each}, which is not public`
        if (isAllowed && !isAllowedByReference(each)) return `is read as ${each}: not allowed`
      }
      return undefined
    }
  },
})

function isPublicByReference(path: string): boolean {
  return isPublic(LISTS, path) && !isBlocked(LISTS, path)
}

function isAllowedByReference(path: string): boolean {
  return permit(ROWS, { role: ROLE, method: 'GET', path }).isAccepted
}

function drawTarget(dice: Dice): PathCase {
  let text = dice.pick(STARTS)
  for (let count = dice.below(7); count > 0; count--) {
    text += dice.once(24) ? dice.bytes(1 + dice.below(3)).toString('latin1') : dice.pick(PIECES)
  }
  return { target: text }
}
