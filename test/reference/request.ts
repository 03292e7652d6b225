import { knowing } from './known.ts'
import type { Request } from './world.ts'

/** Names that only the authorizer may use towards an upstream. */
const RESERVED = [
  ...['remote-user', 'remote-groups', 'remote-email', 'remote-name'],
  ...['x-remote-user', 'x-remote-groups', 'x-remote-email', 'x-remote-name'],
  ...['x-auth-user', 'x-auth-role', 'x-auth-uid'],
  ...['x-forwarded-user', 'x-forwarded-groups', 'x-forwarded-email'],
  'x-forwarded-preferred-username',
]

/** Names that the authorizer reads: an alias of one could say something else upstream. */
const READ = [
  ...['host', 'x-original-method', 'x-original-uri', 'x-real-ip'],
  ...['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-for'],
  ...['cookie', 'user-agent', 'x-csrf-token'],
  ...['x-auth-apikey', 'x-auth-nonce', 'x-auth-signature'],
  ...['content-length', 'transfer-encoding', 'expect'],
]

export function hasReservedLine(request: Request): boolean {
  return request.lines.some(([name]) => isReserved(name))
}

const isReserved = knowing((name) => {
  const plain = name.toLowerCase()
  const folded = plain.replace(/[_. ]/g, '-')
  if (RESERVED.includes(folded)) return true
  if (folded.startsWith('x-dvara-') || folded.startsWith('x-authentik-')) return true
  return folded !== plain && READ.includes(folded)
})

const lowered = knowing((name) => name.toLowerCase())

export function valuesOf(request: Request, name: string): string[] {
  const values: string[] = []
  for (const [each, value] of request.lines) if (lowered(each) === name) values.push(value)
  return values
}

/** The values of every cookie with exactly this name, over all Cookie lines. */
export function cookiesOf(request: Request, name: string): string[] {
  const found: string[] = []
  for (const line of valuesOf(request, 'cookie')) {
    for (const pair of pairsOf(line)) {
      if (pair.startsWith(`${name}=`)) found.push(pair.slice(name.length + 1))
    }
  }
  return found
}

const pairsOf = knowing((line) =>
  line.split(';').map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, '')),
)

/** The host in lower case without port and final dot; undefined if it is none. */
export const readHost = knowing((text): string | undefined => {
  if (text.length > 270) return undefined
  if (text === '') return ''
  const bare = text.replace(/:\d{0,5}$/, '')
  if (/^\[[0-9A-Fa-f:.]+\]$/.test(bare)) return bare.toLowerCase()
  const name = bare.replace(/\.$/, '')
  const isName = name.split('.').every((label) => /^[A-Za-z0-9_-]+$/.test(label))
  return isName ? name.toLowerCase() : undefined
})
