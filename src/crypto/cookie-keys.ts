import { randomBytes } from 'node:crypto'
import {
  COOKIE_KEY_BYTES,
  type CookieKey,
  cookieKidOf,
  loadCookieKeys,
  removeCookieKey,
  writeCookieKey,
} from './cookie-key-file.ts'
import { createKeyDirectory, isCode, KeyringError, type KeyState } from './key-file.ts'
import { withKeyLock } from './key-lock.ts'
import { planRotation, type RotationStep } from './key-rotation.ts'
import { byState, type KeyStanding } from './keys.ts'

/** How long news of a cookie key takes, and how long its last cookie lives. */
export interface CookieTiming {
  /** Every process has read the directory again within this time. */
  readonly reloadMs: number
  /** The longest life of a session. */
  readonly sessionLifetimeMs: number
  /** How far two clocks may differ. */
  readonly skewMs: number
}

/** The directory's cookie keys: the sealing one first, then the next, then the retiring. */
export async function listCookieKeys(directory: string): Promise<KeyStanding[]> {
  const keys = (await loadCookieKeys(directory)).sort(byState)
  return keys.map(({ kid, state, createdAtMs, stateAtMs }) => ({
    ...{ kid, state, createdAtMs, stateAtMs },
  }))
}

/**
 * Adds a key: the first one seals at once, any other waits as `next` for a rotation. Throws a
 * KeyringError if one waits already.
 */
export async function generateCookieKey(options: {
  directory: string
  nowMs: number
}): Promise<KeyStanding> {
  const { directory, nowMs } = options
  await createKeyDirectory(directory)
  return withKeyLock({ directory }, async () => {
    const keys = await loadCookieKeys(directory)
    const next = keys.find((key) => key.state === 'next')
    if (next !== undefined) {
      throw new KeyringError(
        `${directory}: cookie key ${next.kid} waits; run dvara keys rotate before adding another`,
      )
    }
    return addKey(directory, keys, nowMs)
  })
}

/**
 * Makes sure that there is a key: true if one was made. Throws a KeyringError if there is none
 * and none can be written.
 */
export async function ensureCookieKey(options: {
  directory: string
  nowMs: number
}): Promise<boolean> {
  const { directory, nowMs } = options
  if ((await loadCookieKeys(directory)).length > 0) return false
  try {
    await createKeyDirectory(directory)
    return await withKeyLock({ directory }, async () => {
      // Another process may have been first while this one waited.
      const keys = await loadCookieKeys(directory)
      if (keys.length === 0) await addKey(directory, keys, nowMs)
      return keys.length === 0
    })
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM'].some((code) => isCode(error, code))) throw error
    throw new KeyringError(
      `${directory} holds no cookie key and may not be written: run dvara keys generate --cookie`,
    )
  }
}

/** Only under the lock. */
async function addKey(
  directory: string,
  keys: readonly CookieKey[],
  nowMs: number,
): Promise<KeyStanding> {
  const state: KeyState = keys.some((key) => key.state === 'active') ? 'next' : 'active'
  const { kid, secret } = drawSecret(new Set(keys.map((key) => key.kid[0])))
  const standing = { kid, state, createdAtMs: nowMs, stateAtMs: nowMs }
  await writeCookieKey(directory, { ...standing, secret })
  return standing
}

/** A secret whose kid begins as no other does: of 64 characters at most 32 are taken. */
function drawSecret(taken: ReadonlySet<string | undefined>): { kid: string; secret: Uint8Array } {
  for (;;) {
    const secret = randomBytes(COOKIE_KEY_BYTES)
    const kid = cookieKidOf(secret)
    if (!taken.has(kid[0])) return { kid, secret }
  }
}

/**
 * Takes every step of the plan that is due and returns the plan; a dry run only returns it. As
 * with signing keys: known to everybody, then sealing, then retiring until its last session must
 * be over, then gone. Without any key there is nothing to do.
 */
export async function rotateCookieKeys(options: {
  directory: string
  nowMs: number
  isDryRun?: boolean | undefined
  /** Begin a new rotation only if the sealing key is this old; 0 begins at once. */
  olderThanMs?: number | undefined
  timing: CookieTiming
}): Promise<RotationStep[]> {
  const { directory, nowMs, olderThanMs = 0 } = options
  const { reloadMs, sessionLifetimeMs, skewMs } = options.timing
  const timing = { reloadMs, skewMs, jwksMaxAgeMs: 0, tokenTtlMs: sessionLifetimeMs }
  const plan = (keys: readonly CookieKey[]) => planRotation({ keys, timing, olderThanMs, nowMs })
  const known = await loadCookieKeys(directory)
  if (known.length === 0) return []
  if (options.isDryRun === true) return plan(known)
  return withKeyLock({ directory }, async () => {
    const keys = await loadCookieKeys(directory)
    const steps = plan(keys)
    for (const step of steps) if (step.isDue) await take(step, { directory, keys, nowMs })
    return steps
  })
}

async function take(
  { action, kid }: RotationStep,
  ring: { directory: string; keys: readonly CookieKey[]; nowMs: number },
): Promise<void> {
  const { directory, keys, nowMs } = ring
  if (action === 'publish') {
    await addKey(directory, keys, nowMs)
    return
  }
  if (kid === undefined) return
  if (action === 'remove') return removeCookieKey(directory, kid)
  const key = keys.find((each) => each.kid === kid)
  const state: KeyState = action === 'sign' ? 'active' : 'retiring'
  if (key !== undefined) await writeCookieKey(directory, { ...key, state, stateAtMs: nowMs })
}
