import type { Table } from '../cache/table.ts'
import { compileKey, type UsableKey } from '../core/api-key.ts'
import type { Check } from '../core/check.ts'
import { type Credential, readCredential } from '../core/credential.ts'
import { denied, type Fact, passed, type Step } from '../core/explain.ts'
import type { AskedAs } from '../core/explanation.ts'
import { Fault } from '../core/fault.ts'
import type { Policy } from '../core/policy.ts'
import type { Facts, Principal } from '../core/principal.ts'
import type { Reason } from '../core/reason.ts'
import { isKid } from '../core/signed-request.ts'
import { sha256Base64url } from '../crypto/digest.ts'
import type { Loaded } from '../store/sessions.ts'
import type { AuthorizerStores } from '../store/stores.ts'
import type { Entry } from './grants.ts'
import type { KeyEntry } from './key-memory.ts'

/** As whom: as an operator put it, or as a decision kept it. */
export type Who =
  | AskedAs
  | { readonly kind: 'session'; readonly hash: string }
  /** A credential of this kind that was not kept, and why it was refused. */
  | {
      readonly kind: 'lost'
      readonly credential: Credential['kind']
      readonly before: { readonly reason: Reason; readonly about: string }
    }

/** What was found about a credential, by reading alone. */
export interface FoundOut {
  readonly credential: Credential
  readonly facts: Facts | undefined
  /** Of the API key; undefined if there is none. */
  readonly usable: UsableKey | undefined
  /** How it was found; undefined where nothing had to be asked. */
  readonly step: Step | undefined
  readonly assumed: readonly string[]
}

export interface FindOutDependencies {
  readonly stores: Pick<AuthorizerStores, 'facts' | 'keys' | 'principals'>
  readonly table: Pick<Table<Entry>, 'peek'>
  readonly knownKeys: Pick<Table<KeyEntry>, 'peek'>
  /** Whether a cookie's value was sealed by us, as far as can be told without a store. */
  readonly isSealed: (value: string) => boolean
  readonly nowMs: () => number
  readonly idleMs: number
  readonly lifetimeMs: number
}

/** Asks memory and stores as the corridor would, but leaves no trace: nothing slides or is kept. */
export async function findOut(
  deps: FindOutDependencies,
  who: Who,
  check: Check,
  policy: Policy,
): Promise<FoundOut> {
  try {
    return await findOutOrFail(deps, who, check, policy)
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    const credential = credentialOf(who, check, policy)
    const step = denied('facts', 'authz.unavailable', `they could not be asked for: ${fault.code}`)
    return { ...NOTHING, credential, step }
  }
}

const NOTHING = { facts: undefined, usable: undefined, step: undefined, assumed: [] } as const

async function findOutOrFail(
  deps: FindOutDependencies,
  who: Who,
  check: Check,
  policy: Policy,
): Promise<FoundOut> {
  const credential = credentialOf(who, check, policy)
  if (who.kind === 'uid') return assumeSession(deps, credential, who.uid, check)
  if (who.kind === 'kid') return findKey(deps, credential, who.kid)
  if (who.kind === 'session')
    return foundInStore(credential, await deps.stores.facts.load(who.hash))
  if (who.kind === 'cookie' && credential.kind === 'session') {
    const entry = deps.table.peek(credential.id)
    if (entry !== undefined) {
      const rememberedSeconds = Math.round((deps.nowMs() - entry.loadedAtMs) / 1000)
      const step = { ...passed('facts', 'remembered'), facts: { rememberedSeconds } }
      const { session, principal, idleAtMs } = entry
      return { ...NOTHING, credential, facts: { session, principal, idleAtMs }, step }
    }
    if (!deps.isSealed(credential.id)) return { ...NOTHING, credential: { kind: 'forged' } }
    const hash = sha256Base64url(credential.id)
    return foundInStore(credential, await deps.stores.facts.load(hash))
  }
  return { ...NOTHING, credential }
}

function credentialOf(who: Who, check: Check, policy: Policy): Credential {
  switch (who.kind) {
    case 'uid':
    case 'session':
      return { kind: 'session', id: '' }
    case 'kid':
      return { kind: 'api_key' }
    case 'none':
      return { kind: 'none' }
    case 'lost':
      return who.credential === 'session'
        ? { kind: 'session', id: '' }
        : ({ kind: who.credential } as Credential)
    case 'cookie': {
      const cookies = `${policy.cookieName}=${who.value}`
      return readCredential({ ...check, cookies, apiKey: undefined }, policy.cookieName)
    }
  }
}

function foundInStore(credential: Credential, loaded: Loaded<Facts>): FoundOut {
  const { epoch, seq, found } = loaded
  const facts: Record<string, Fact> = { epoch, seq }
  const says = found === undefined ? 'the store knows no such session' : 'read from the store'
  return { ...NOTHING, credential, facts: found, step: { ...passed('facts', says), facts } }
}

async function findKey(
  { knownKeys, stores }: FindOutDependencies,
  credential: Credential,
  kid: string,
): Promise<FoundOut> {
  const known = isKid(kid) ? knownKeys.peek(kid) : undefined
  const assumed = ['a signature of this key that is right, over a nonce that is new']
  if (known !== undefined) {
    const step = passed('facts', 'remembered')
    return { ...NOTHING, credential, usable: known.usable, step, assumed }
  }
  if (!isKid(kid)) return { ...NOTHING, credential, step: passed('facts', 'no id of ours') }
  const { epoch, seq, found } = await stores.keys.load(kid)
  const says = found === undefined ? 'the store knows no such key' : 'read from the store'
  const step = { ...passed('facts', says), facts: { epoch, seq } }
  const usable = found === undefined ? undefined : compileKey(found)
  return { ...NOTHING, credential, usable, step, assumed }
}

async function assumeSession(
  deps: FindOutDependencies,
  credential: Credential,
  uid: string,
  check: Check,
): Promise<FoundOut> {
  const principal = await deps.stores.principals.load(uid)
  if (principal === undefined) {
    const step = passed('facts', 'nobody has this uid')
    return { ...NOTHING, credential, step }
  }
  const facts = beginSession(deps, principal, check)
  const step = passed('facts', 'the principal as Postgres has it')
  const assumed = [`a session of ${uid}, begun here and now`]
  return { ...NOTHING, credential, facts, step, assumed }
}

/** A session as a login would begin it; it is nowhere but here. */
function beginSession(
  { nowMs, idleMs, lifetimeMs }: FindOutDependencies,
  principal: Principal,
  { userAgent, address }: Check,
): Facts {
  const now = nowMs()
  return {
    session: {
      hash: '',
      uid: principal.uid,
      csrfToken: 'assumed',
      userAgent,
      address,
      createdAtMs: now,
      endsAtMs: now + lifetimeMs,
      generation: 0,
    },
    principal,
    idleAtMs: now + idleMs,
  }
}
