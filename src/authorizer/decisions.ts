import { readAddress } from '../core/address.ts'
import type { Check, DialectName } from '../core/check.ts'
import { rowOfRestriction } from '../core/explain-restriction.ts'
import type { Findings } from '../core/findings.ts'
import type { DecisionQuery, KeptDecision } from '../core/kept.ts'
import type { Policy } from '../core/policy.ts'
import type { Principal } from '../core/principal.ts'
import type { Reason } from '../core/reason.ts'
import type { Restriction } from '../core/restriction.ts'
import type { Row } from '../core/row.ts'
import type { Answer } from '../core/verdict.ts'
import type { DecisionIds } from '../gateway/decision-id.ts'
import type { Observe } from '../gateway/server.ts'

/** The last decisions of one worker, without secrets. */
export interface Decisions {
  /** Notes one; copies references into a slot that is there already. */
  readonly keep: Observe
  list(query: DecisionQuery): KeptDecision[]
  find(id: string): Slot | undefined
  show(slot: Slot): KeptDecision
}

export interface DecisionsOptions {
  readonly ids: DecisionIds
  readonly keptMax: number
  readonly nowMs: () => number
  readonly epoch: () => string | undefined
  readonly appliedSeq: () => number
  readonly policy: () => Policy
  /** The row of this policy that decided; slow. */
  readonly decidingRow: (policy: Policy, slot: Slot) => Row | undefined
}

/** Longer texts are cut, so that a slot has a bound: about 1 KB. */
const PATH_CHARS_MAX = 512
const AGENT_CHARS_MAX = 256
const KID_CHARS_MAX = 64
const AGENT_CHARS_SHOWN = 80
const SESSION_CHARS_SHOWN = 8
/** Old policies whose rows can still be named. */
const POLICIES_MAX = 4

/** One decision as it is kept: nothing is formatted, and nothing secret is referred to. */
export interface Slot {
  number: number
  atMs: number
  elapsedUs: number
  seq: number
  policyVersion: number
  epoch: string
  dialect: DialectName | 'none'
  reason: Reason | 'none'
  about: string
  method: string
  path: string
  host: string
  /** Four words; the address's own text may hold a whole header alive. */
  a: number
  b: number
  c: number
  d: number
  family: 0 | 4 | 6
  userAgent: string
  hasCsrfToken: boolean
  credential: Findings['credential']
  source: Findings['source']
  principal: Principal | undefined
  sessionHash: string
  kid: string
  restriction: Restriction | undefined
}

export function createDecisions(options: DecisionsOptions): Decisions {
  const { ids, keptMax, nowMs } = options
  const slots = Array.from({ length: keptMax }, createSlot)
  const policies: Policy[] = []
  let newest = -1

  function keep(
    dialect: DialectName | 'none',
    answer: Answer,
    check: Check | undefined,
    elapsedUs: number,
    decision: number,
    found: Findings,
  ): void {
    const slot = slots[decision % keptMax] as Slot
    newest = decision
    slot.number = decision
    // A reading of the clock is a tenth of a microsecond.
    slot.atMs = Number.isNaN(found.atMs) ? nowMs() : found.atMs
    slot.elapsedUs = elapsedUs
    slot.seq = options.appliedSeq()
    slot.epoch = options.epoch() ?? ''
    slot.policyVersion = found.policyVersion
    slot.dialect = dialect
    slot.reason = answer.kind === 'deny' ? answer.reason : 'none'
    slot.about = found.about
    slot.credential = found.credential
    slot.source = found.source
    slot.principal = found.principal
    slot.sessionHash = found.sessionHash
    slot.restriction = found.restriction
    slot.kid = found.kid.length > KID_CHARS_MAX ? cut(found.kid, KID_CHARS_MAX) : found.kid
    if (check === undefined) keepHearsay(slot, found)
    else keepCheck(slot, check)
    if (found.policyVersion !== policies[0]?.version) keepPolicy(options.policy())
  }

  function keepPolicy(policy: Policy): void {
    if (policies[0] === policy) return
    policies.unshift(policy)
    policies.length = Math.min(policies.length, POLICIES_MAX)
  }

  function rowOf(slot: Slot): Row | undefined {
    if (slot.restriction !== undefined && slot.reason.startsWith('authz.restrict.')) {
      return rowOfRestriction(slot.restriction)
    }
    const policy = policies.find(({ version }) => version === slot.policyVersion)
    return policy === undefined ? undefined : options.decidingRow(policy, slot)
  }

  return {
    keep,
    list(query) {
      const shown: KeptDecision[] = []
      const oldest = Math.max(0, newest - keptMax + 1)
      for (let number = newest; number >= oldest && shown.length < query.limit; number--) {
        const slot = slots[number % keptMax] as Slot
        if (slot.number !== number || !isAskedFor(slot, query)) continue
        shown.push(showSlot(ids, slot, rowOf(slot)))
      }
      return shown
    },
    find(id) {
      const number = ids.parse(id)
      if (number === undefined) return undefined
      const slot = slots[number % keptMax]
      return slot?.number === number ? slot : undefined
    },
    show: (slot) => showSlot(ids, slot, rowOf(slot)),
  }
}

function createSlot(): Slot {
  return {
    number: -1,
    atMs: 0.5,
    elapsedUs: 0.5,
    seq: 0,
    policyVersion: 0,
    epoch: '',
    dialect: 'none',
    reason: 'none',
    about: '',
    method: '',
    path: '',
    host: '',
    a: 0,
    b: 0,
    c: 0,
    d: 0,
    family: 0,
    userAgent: '',
    hasCsrfToken: false,
    credential: 'none',
    source: 'none',
    principal: undefined,
    sessionHash: '',
    kid: '',
    restriction: undefined,
  }
}

function keepCheck(slot: Slot, check: Check): void {
  const { path, userAgent, address } = check
  slot.method = check.method
  // A path is a slice of the target: where it is kept, so is the query, unseen.
  const targetChars = path.length + check.query.length
  slot.path = targetChars > PATH_CHARS_MAX ? cut(path, PATH_CHARS_MAX) : path
  slot.host = check.host
  slot.userAgent = userAgent.length > AGENT_CHARS_MAX ? cut(userAgent, AGENT_CHARS_MAX) : userAgent
  slot.hasCsrfToken = check.csrfToken !== undefined
  slot.family = address.family
  slot.a = address.a
  slot.b = address.b
  slot.c = address.c
  slot.d = address.d
}

/** What could not be read as a check, as far as the gateway spelt it. */
function keepHearsay(slot: Slot, { told }: Findings): void {
  const target = told?.target ?? ''
  const question = target.indexOf('?')
  slot.method = cut(told?.method ?? '', KID_CHARS_MAX)
  slot.path = cut(question === -1 ? target : target.slice(0, question), PATH_CHARS_MAX)
  slot.host = cut(told?.host ?? '', AGENT_CHARS_MAX)
  slot.userAgent = ''
  slot.hasCsrfToken = false
  slot.family = told?.address.family ?? 0
  slot.a = told?.address.a ?? 0
  slot.b = told?.address.b ?? 0
  slot.c = told?.address.c ?? 0
  slot.d = told?.address.d ?? 0
}

/** A copy that holds nothing longer alive. */
function cut(text: string, charsMax: number): string {
  return Buffer.from(text.slice(0, charsMax), 'utf16le').toString('utf16le')
}

function isAskedFor({ reason, path, principal }: Slot, query: DecisionQuery): boolean {
  if (query.reason !== undefined && query.reason !== reason) return false
  if (query.path !== undefined && !path.startsWith(query.path)) return false
  return query.uid === undefined || query.uid === principal?.uid
}

/** The client's address; undefined where it was not known. */
export function addressOf({ family, a, b, c, d }: Slot) {
  if (family === 0) return undefined
  const bytes = new DataView(new ArrayBuffer(family === 4 ? 4 : 16))
  const words = family === 4 ? [d] : [a, b, c, d]
  for (const [at, word] of words.entries()) bytes.setUint32(4 * at, word)
  return readAddress(new Uint8Array(bytes.buffer))
}

function showSlot(ids: DecisionIds, slot: Slot, row: Row | undefined): KeptDecision {
  const { principal, reason } = slot
  return {
    id: ids.print(slot.number),
    at: new Date(slot.atMs).toISOString(),
    verdict: reason === 'none' ? 'allow' : 'deny',
    reason: reason === 'none' ? null : reason,
    about: shown(slot.about),
    dialect: slot.dialect,
    method: shown(slot.method),
    path: shown(slot.path),
    host: shown(slot.host),
    address: addressOf(slot)?.text ?? null,
    userAgent: shown(slot.userAgent.slice(0, AGENT_CHARS_SHOWN)),
    hasCsrfToken: slot.hasCsrfToken,
    credential: slot.credential,
    uid: principal?.uid ?? null,
    role: principal?.role ?? null,
    state: principal?.state ?? null,
    kid: shown(slot.kid),
    session: shown(slot.sessionHash.slice(0, SESSION_CHARS_SHOWN)),
    source: slot.source,
    epoch: shown(slot.epoch),
    seq: slot.seq,
    policyVersion: slot.policyVersion,
    row: row ?? null,
    elapsedUs: Math.round(slot.elapsedUs),
  }
}

function shown(text: string): string | null {
  return text === '' ? null : text
}
