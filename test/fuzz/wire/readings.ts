/** How servers are known to read a path otherwise than it is written, one step each. */
const STEPS: readonly ((path: string) => string)[] = [
  decodeOnce,
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  resolveDots,
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => cutAt(path, '%00'),
  (path) => cutAt(path, '\0'),
  (path) => cutAt(path, '#'),
  (path) => cutAt(path, '?'),
  (path) => path.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  (path) => path.replace(/[./]$/, ''),
  (path) => path.trim(),
]

/** A path that has more readings than this has been refused long before. */
const READINGS_MAX = 400

/** The path, and whatever any server might make of it by any of the steps in any order. */
export function readingsOf(path: string): string[] {
  const found = new Set([path])
  for (const each of found) {
    for (const step of STEPS) found.add(step(each))
    if (found.size > READINGS_MAX) break
  }
  return [...found]
}

function decodeOnce(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function cutAt(path: string, mark: string): string {
  return path.split(mark, 1)[0] as string
}

function resolveDots(path: string): string {
  if (!path.includes('.')) return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  const joined = kept.join('/')
  return joined.startsWith('/') ? joined : `/${joined}`
}
