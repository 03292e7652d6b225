import type { Algorithm } from './algorithm.ts'
import { jwkThumbprint } from './jwk.ts'
import type { Key, KeyState } from './key-file.ts'
import { createKeyDirectory, KeyringError, loadKeys, removeKey, writeKey } from './key-file.ts'
import { withKeyLock } from './key-lock.ts'
import type { KeyStanding } from './keys.ts'
import { byState, createJwk } from './keys.ts'

/** How long news of a key takes to reach everybody. */
export interface RotationTiming {
  /** Every process has read the directory again within this time. */
  readonly reloadMs: number
  /** A published set is believed for this time. */
  readonly jwksMaxAgeMs: number
  /** The longest life of a token. */
  readonly tokenTtlMs: number
  /** How far two clocks may differ, leeway included. */
  readonly skewMs: number
}

/** The delays that no setting names; the other two are the installation's own. */
export const ROTATION_DELAYS = { reloadMs: 60_000, skewMs: 30_000 } as const

/** One step of a rotation: what becomes of a key, and from when on it may. */
export interface RotationStep {
  readonly action: 'publish' | 'sign' | 'retire' | 'remove'
  /** Absent for a key that is yet to be generated. */
  readonly kid: string | undefined
  readonly atMs: number
  readonly isDue: boolean
}

/**
 * What a rotation would do now and later. A rotation under way is moved on: the next key signs once
 * every verifier must have seen it, the last one goes once its last token is over. A new one begins
 * only when none is under way and the signing key is `olderThanMs` old.
 */
export function planRotation(options: {
  keys: readonly KeyStanding[]
  timing: RotationTiming
  olderThanMs: number
  nowMs: number
}): RotationStep[] {
  const { timing, olderThanMs, nowMs } = options
  const keys = options.keys.toSorted(byState)
  const step = (action: RotationStep['action'], kid: string | undefined, atMs: number) => ({
    action,
    kid,
    atMs,
    isDue: atMs <= nowMs,
  })
  const publishedMs = timing.reloadMs + timing.jwksMaxAgeMs + timing.skewMs
  const retiredMs = timing.reloadMs + timing.tokenTtlMs + timing.skewMs
  const [active, ...overtaken] = keys.filter((key) => key.state === 'active')
  const next = keys.find((key) => key.state === 'next')
  const retiring = keys.filter((key) => key.state === 'retiring')

  const steps = overtaken.map((key) => step('retire', key.kid, nowMs))
  for (const key of retiring) steps.push(step('remove', key.kid, key.stateAtMs + retiredMs))
  if (next !== undefined) {
    // Without a signing key there is nothing to wait for: nobody verifies anything.
    const atMs = active === undefined ? nowMs : next.stateAtMs + publishedMs
    steps.push(step('sign', next.kid, atMs))
    if (active !== undefined) steps.push(step('retire', active.kid, atMs))
  } else if (active !== undefined && steps.length === 0) {
    steps.push(step('publish', undefined, active.stateAtMs + olderThanMs))
  }
  return steps
}

/**
 * Takes every step of the plan that is due, one writer at a time, and returns the plan; a dry run
 * only returns it. Each file is replaced whole, the new signing key first: whenever the process
 * dies, the ring on the disk signs, and the next call carries on.
 */
export async function rotateKeys(options: {
  directory: string
  nowMs: number
  isDryRun?: boolean | undefined
  /** Of the key that a new rotation generates; the signing key's if absent. */
  algorithm?: Algorithm | undefined
  /** Begin a new rotation only if the signing key is this old; 0 begins at once. */
  olderThanMs?: number | undefined
  timing: RotationTiming
  lockWaitMs?: number | undefined
}): Promise<RotationStep[]> {
  const { directory, nowMs, timing, olderThanMs = 0 } = options
  const plan = (keys: readonly Key[]) => planRotation({ keys, timing, olderThanMs, nowMs })
  if (options.isDryRun === true) return plan(await loadSome(directory))

  await createKeyDirectory(directory)
  return withKeyLock({ directory, waitMs: options.lockWaitMs }, async () => {
    const keys = await loadSome(directory)
    const steps = plan(keys)
    for (const step of steps) {
      if (step.isDue) await take(step, { directory, keys, algorithm: options.algorithm, nowMs })
    }
    return steps
  })
}

async function loadSome(directory: string): Promise<Key[]> {
  const keys = await loadKeys(directory)
  if (keys.length > 0) return keys
  throw new KeyringError(`${directory} holds no key to rotate: run dvara keys generate`)
}

async function take(
  step: RotationStep,
  ring: {
    directory: string
    keys: readonly Key[]
    algorithm: Algorithm | undefined
    nowMs: number
  },
): Promise<void> {
  const { directory, keys, nowMs } = ring
  if (step.action === 'publish') {
    const alg = ring.algorithm ?? keys.find((key) => key.state === 'active')?.alg ?? 'EdDSA'
    const jwk = await createJwk(alg)
    const kid = jwkThumbprint(jwk) ?? ''
    const fresh = { kid, alg, state: 'next', createdAtMs: nowMs, stateAtMs: nowMs, jwk } as const
    return writeKey(directory, fresh)
  }
  if (step.kid === undefined) return
  if (step.action === 'remove') return removeKey(directory, step.kid)
  const key = keys.find(({ kid }) => kid === step.kid)
  const state: KeyState = step.action === 'sign' ? 'active' : 'retiring'
  if (key !== undefined) await writeKey(directory, { ...key, state, stateAtMs: nowMs })
}
