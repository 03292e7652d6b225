/**
 * Requests that differ in one place only: `head`, a variant, `tail` are the bytes of one. A
 * driver takes the variants in turn, from the first again after the last.
 */
export interface Workload {
  readonly head: string
  readonly variants: readonly string[]
  readonly tail: string
  /** Whether no variant may be asked twice: there are enough of them for one drive. */
  readonly isOnce?: true
}

export type Headers = Readonly<Record<string, string>>

/** Stands in a header's value where the variants go. */
export const HOLE = '\u0001'

export const CLIENT_ADDRESS = '203.0.113.9'
export const HOST = 'app.example'
export const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Chrome/131.0.0.0 Safari/537.36'
export const TARGET = '/api/v2/trade/orders?market=btcusd&limit=50'

/** What a browser sends besides. */
const BROWSER: Headers = {
  'User-Agent': USER_AGENT,
  Accept: 'application/json, text/plain, */*',
  'Accept-Language': 'en-GB,en;q=0.9',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
}

/** Requests of a path; at most one header's value, or the path, holds a HOLE. */
export function workloadOf(
  path: string,
  headers: Headers,
  variants: readonly string[] = [''],
): Workload {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const text = `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
  const [head = '', tail = ''] = text.split(HOLE)
  return { head, variants, tail }
}

/**
 * What the shipped nginx configuration asks about a browser's request, byte for byte; a test
 * records it from a real nginx. Of the browser's own lines it hands on no more than are needed.
 */
export function checkOf(
  own: Headers,
  variants?: readonly string[],
  { target = TARGET, method = 'GET' }: { target?: string; method?: string } = {},
): Workload {
  const asked = { 'X-Original-Method': method, 'X-Original-URI': target }
  const told = { 'X-Real-IP': CLIENT_ADDRESS, 'User-Agent': USER_AGENT }
  return workloadOf('/authz/nginx', { Host: HOST, ...asked, ...told, ...own }, variants)
}

/** As a browser asks the gateway itself. */
export function browse(own: Headers, variants?: readonly string[]): Workload {
  return workloadOf(TARGET, { Host: HOST, ...BROWSER, ...own }, variants)
}

/** A session cookie among two others, as applications have them. */
export const COOKIE: Headers = {
  Cookie: `_ga=GA1.1.1193714612.1721992113; dvara_session=${HOLE}; theme=dark`,
}

/** The whole first request, for those who ask once. */
export function requestOf({ head, variants, tail }: Workload): string {
  return head + (variants[0] ?? '') + tail
}

/**
 * As many draws from so many ranks by Zipf's law (exponent 1): rank r is drawn in proportion to
 * 1/r. `random` is uniform in [0, 1).
 */
export function drawZipf(ranksCount: number, drawsCount: number, random: () => number): number[] {
  const sums = new Float64Array(ranksCount)
  let sum = 0
  for (let rank = 0; rank < ranksCount; rank++) {
    sum += 1 / (rank + 1)
    sums[rank] = sum
  }
  return Array.from({ length: drawsCount }, () => placeOf(sums, random() * sum))
}

/** The first place whose sum exceeds the value. */
function placeOf(sums: Float64Array, value: number): number {
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sums[middle] as number) > value) high = middle
    else low = middle + 1
  }
  return low
}
