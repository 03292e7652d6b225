const OWN = new URL('../../src/cache/lease.js', import.meta.url).href
const ALWAYS_LIVE = new URL('always-live.js', import.meta.url).href

interface Resolved {
  readonly url: string
}

type Next = (specifier: string, context: object) => Promise<Resolved>

let isKept = false

/** Called by the engine with what `register` was given. */
export function initialize(data: { readonly isKept: boolean }): void {
  isKept = data.isKept
}

/** The engine's own answer, with one module exchanged for another. */
export async function resolve(specifier: string, context: object, next: Next): Promise<Resolved> {
  const found = await next(specifier, context)
  return !isKept && found.url === OWN ? { ...found, url: ALWAYS_LIVE } : found
}
