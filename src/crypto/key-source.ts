import type { VerifyingKey } from './jwk.ts'
import { parseJwks } from './jwk.ts'
import type { Keyring } from './keyring.ts'

/** Where a verifier finds public keys. */
export interface KeySource {
  /** The key, `undefined` if there is none, or `unavailable` if it cannot be known just now. */
  find(kid: string, nowMs: number): Promise<VerifyingKey | undefined | 'unavailable'>
}

/** The ring of this very machine. */
export function createKeyringSource(keyring: Pick<Keyring, 'verifying'>): KeySource {
  return { find: (kid) => Promise.resolve(keyring.verifying(kid)) }
}

/** A token with an unknown `kid` costs its sender nothing, so it may not cost us a fetch each. */
export const REFETCH_MS = 30_000
/** After a failed fetch, the wait before the next one. */
const RETRY_MS = 1_000
const MAX_AGE_DEFAULT_MS = 300_000
const MAX_AGE_MAX_MS = 3_600_000
/** How long keys are believed beyond their age while the set cannot be fetched. */
const STALE_MS = 300_000
const JWKS_BYTES_MAX = 262_144
const FETCH_TIMEOUT_MS = 3_000

interface Fetched {
  readonly keys: ReadonlyMap<string, VerifyingKey>
  readonly freshUntilMs: number
}

/**
 * The JWK set at a URL: fetched when first asked, again when its `max-age` is over, and for an
 * unknown `kid` at most once in 30 s. Redirects are not followed; one fetch at a time. While the
 * set cannot be fetched the old one is believed for five minutes more, then nothing is.
 */
export function createJwksSource(options: {
  url: string
  fetch: typeof globalThis.fetch
  timeoutMs?: number
}): KeySource {
  const { url, fetch, timeoutMs = FETCH_TIMEOUT_MS } = options
  let known: Fetched | undefined
  let triedAtMs = Number.NEGATIVE_INFINITY
  let flight: Promise<void> | undefined

  async function load(nowMs: number): Promise<void> {
    triedAtMs = nowMs
    try {
      known = (await fetchSet({ url, fetch, timeoutMs, nowMs })) ?? known
    } catch {
      // Unreachable, slow or cut off: told to the caller by `known` not being fresh.
    }
  }

  /** Joins the fetch under way, or begins one if the last is long enough ago. */
  function refresh(nowMs: number, waitMs: number): Promise<void> {
    if (flight !== undefined) return flight
    if (nowMs - triedAtMs < waitMs) return Promise.resolve()
    flight = load(nowMs).finally(() => {
      flight = undefined
    })
    return flight
  }

  return {
    async find(kid, nowMs) {
      if (known === undefined || nowMs >= known.freshUntilMs) await refresh(nowMs, RETRY_MS)
      else if (!known.keys.has(kid)) await refresh(nowMs, REFETCH_MS)
      if (known === undefined || nowMs >= known.freshUntilMs + STALE_MS) return 'unavailable'
      return known.keys.get(kid)
    },
  }
}

async function fetchSet(options: {
  url: string
  fetch: typeof globalThis.fetch
  timeoutMs: number
  nowMs: number
}): Promise<Fetched | undefined> {
  const { url, fetch, timeoutMs, nowMs } = options
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    // Covers the body too.
    signal: AbortSignal.timeout(timeoutMs),
  })
  const text = response.status === 200 ? await loadText(response) : undefined
  const keys = text === undefined ? undefined : parseJwks(text)
  if (keys === undefined) {
    await response.body?.cancel().catch(() => undefined)
    return undefined
  }
  const ageMs = maxAgeMs(response.headers.get('cache-control'))
  return { keys, freshUntilMs: nowMs + ageMs }
}

/** The body, or `undefined` as soon as it is too long. */
async function loadText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of response.body ?? []) {
    total += chunk.byteLength
    if (total > JWKS_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function maxAgeMs(cacheControl: string | null): number {
  const seconds = /(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])/i.exec(cacheControl ?? '')?.[1]
  if (seconds === undefined) return MAX_AGE_DEFAULT_MS
  return Math.min(Number(seconds) * 1000, MAX_AGE_MAX_MS)
}
