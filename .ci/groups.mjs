// Which test files share a process, and which come first.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * In the order in which they are begun: the longest first, so that the end of a run is not one
 * file on one core. Besides the dear ones, those that change their whole process.
 */
const ALONE = [
  'chaos/chaos',
  'simulation/simulation',
  'command/dev',
  'crypto/ed25519-verifier',
  'docs',
  'command/explain',
  'fuzz/tokens',
  'crypto/p256',
  'process/workers',
  'process/api-keys',
  'process/without-redis',
  'process/cookies',
  'fuzz/fuzz',
  'store/pglite',
  'process/audit',
  'authorizer/settle',
  'process/rotation',
  'process/outage',
  'gateways/documents',
  'gateways/envoy',
  'gateways/caddy',
  'gateways/haproxy',
  'gateways/barong',
  'process/kill-feed',
  'gateways/nginx',
  'process/decisions',
  'crypto/verifier',
  'command/members',
  'store/pglite-link',
  'process/servers',
  // It does without WebAssembly for a while.
  'crypto/engine',
  // It asks for the state of the whole process.
  'store/quick-strings',
]

/** The rest shares a process by folder, so many files at most: to load a room costs a second. */
const FILES_MAX = 16
/** Folders of fewer share with each other. */
const ROOM_FILES_MIN = 6

/**
 * Writes the modules that node's runner is given, and returns their paths in order of start. Each
 * file of a group is a suite of its own: what it does before and after stays its own, as node's
 * runner follows who imported it.
 */
export function writeGroups(root, files) {
  const folder = join(root, 'dist/test/groups')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return groupsOf(files).map(({ name, members }, index) => {
    const path = join('dist/test/groups', `${String(index).padStart(3, '0')}-${name}.js`)
    writeFileSync(join(root, path), members.length === 1 ? renderOne(members[0]) : render(members))
    return path
  })
}

/** `files` are paths below dist/test. */
function groupsOf(files) {
  const left = new Set(files)
  const groups = []
  for (const stem of ALONE) {
    const file = `${stem}.test.js`
    if (!left.delete(file)) throw new Error(`.ci/groups.mjs names ${stem}, which is no test file.`)
    groups.push({ name: stem.replaceAll('/', '-'), members: [file] })
  }
  const shared = []
  const sizes = new Map(
    [...groupBy(left, dirname)].map(([room, members]) => [room, members.length]),
  )
  const rooms = groupBy(left, (file) =>
    sizes.get(dirname(file)) < ROOM_FILES_MIN ? 'small-rooms' : dirname(file),
  )
  for (const [room, members] of rooms) {
    const parts = Math.ceil(members.length / FILES_MAX)
    for (let part = 0; part < parts; part++) {
      // Dealt out like cards: neighbours by name are often alike in cost.
      const dealt = members.filter((_, index) => index % parts === part)
      shared.push({ name: `${room.replaceAll('/', '-')}-${part + 1}`, members: dealt })
    }
  }
  return [...groups, ...shared.sort((a, b) => b.members.length - a.members.length)]
}

function groupBy(values, keyOf) {
  const groups = new Map()
  for (const value of values) {
    const key = keyOf(value)
    groups.set(key, [...(groups.get(key) ?? []), value])
  }
  return groups
}

const renderOne = (file) => `import '../${file}'\n`

function render(members) {
  const lines = members.map((file) => `describe('${file}', () => import('../${file}'))`)
  return `import { describe } from 'node:test'\n\n${lines.join('\n')}\n`
}
