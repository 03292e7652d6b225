/** Beyond this many values of one name the rest are not looked at. */
const VALUES_MAX = 8

/** Every value that a Cookie header gives for `name`, exactly as sent, without duplicates. */
export function readCookies(header: string | undefined, name: string): readonly string[] {
  if (header === undefined) return []
  const values = new Set<string>()
  let at = 0
  while (at < header.length && values.size < VALUES_MAX) {
    while (header.charCodeAt(at) === 0x20) at++
    const semicolon = header.indexOf(';', at)
    const end = semicolon === -1 ? header.length : semicolon
    if (header.startsWith(name, at) && header[at + name.length] === '=') {
      values.add(header.slice(at + name.length + 1, end))
    }
    at = end + 1
  }
  return [...values]
}
