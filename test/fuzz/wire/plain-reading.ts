type Line = readonly [name: string, value: string]

/** What a head says, read line by line; undefined if a header that matters is not there once. */
export interface PlainReading {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly lines: readonly Line[]
}

/** Where each endpoint finds method, target and host. */
const FORWARDED = ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host'] as const
const PLACES: Readonly<Record<string, readonly string[]>> = {
  '/authz/nginx': ['x-original-method', 'x-original-uri', 'host'],
  '/authz/traefik': FORWARDED,
  '/authz/caddy': FORWARDED,
  '/authz/haproxy': FORWARDED,
}
const PREFIXES = ['/authz/envoy', '/api/v2/auth']

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/

/** The first head of what was sent. Lines that are none are passed over. */
export function plainReading(sent: string): PlainReading | undefined {
  // RFC 9112 §2.2: empty lines before the request line are passed over.
  const head = sent.replace(/^(?:\r?\n)+/, '').split('\r\n\r\n')[0] as string
  const [first = '', ...rest] = head.split('\r\n')
  // Blanks in a row are one, and a request line without a version is HTTP/0.9, which one engine
  // still reads.
  const [method = '', target = ''] = first.split(/ +/)
  const lines = rest.flatMap((text): Line[] => {
    const [, name, value] = LINE.exec(text) ?? []
    return name === undefined || value === undefined ? [] : [[name, value]]
  })
  const once = (name: string): string | undefined => {
    const values = lines.filter(([each]) => each.toLowerCase() === name)
    return values.length === 1 ? values[0]?.[1] : undefined
  }
  const places = PLACES[target.split('?')[0] as string]
  if (places !== undefined) {
    const [told, url, host] = places.map(once)
    if (told === undefined || url === undefined || host === undefined) return undefined
    return { method: told, target: url, host, lines }
  }
  const prefix = PREFIXES.find((each) => target.startsWith(`${each}/`))
  const host = once('host')
  if (prefix === undefined || host === undefined) return undefined
  return { method, target: target.slice(prefix.length), host, lines }
}
