import { DIALECT_NAMES, type DialectName } from '../core/check.ts'
import type { Trace } from '../core/explain.ts'
import type { WordedAnswer } from '../core/explanation.ts'
import { readIdentity } from '../core/identity-lines.ts'
import type { KeptDecision } from '../core/kept.ts'
import type { Policy } from '../core/policy.ts'
import type { Principal } from '../core/principal.ts'
import type { Reason } from '../core/reason.ts'
import { createDenial, deny, type Grant } from '../core/verdict.ts'
import { DIALECTS } from '../gateway/endpoint.ts'
import type { Reply } from '../gateway/reply.ts'

/** What each gateway, or the one asked about, would be told. */
export function wordAnswers(
  { verdict, reason, steps }: Trace,
  asked: DialectName | undefined,
  grant: Grant,
): readonly WordedAnswer[] {
  // A restriction names a status of its own.
  const own = steps.find((step) => step.name === 'restrictions')?.facts.status
  const denial =
    typeof own === 'number' ? createDenial(reason as Reason, own) : deny(reason as Reason)
  const names = asked === undefined ? DIALECT_NAMES : [asked]
  return names.flatMap((name) => {
    const { wordDeny, allow } = DIALECTS[name]
    if (verdict !== 'allow') return [wordReply(name, wordDeny(denial))]
    if (grant.lines === undefined) return []
    const headers = [...readIdentity(grant.lines), ...allow.headers]
    return [wordReply(name, { ...allow, headers })]
  })
}

function wordReply(dialect: DialectName, { status, headers, body }: Reply): WordedAnswer {
  const lines: string[] = []
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`)
  return { dialect, status, headers: lines, body: Buffer.from(body).toString('utf8') }
}

/** What is no longer as it was when the decision was made. */
export function compare(
  then: KeptDecision,
  now: Trace,
  policy: Policy,
  principal: Principal | undefined,
): readonly string[] {
  const differences: string[] = []
  const note = (what: string, before: string, after: string): void => {
    if (before !== after) differences.push(`${what}: then ${before}, now ${after}`)
  }
  note('the verdict', wordVerdict(then), wordVerdict(now))
  // At the door no policy is read.
  if (then.policyVersion !== 0) {
    note('the version of the policy', String(then.policyVersion), String(policy.version))
  }
  if (then.role !== null && principal !== undefined) {
    note('the role', then.role, principal.role)
    note('the state', then.state ?? '', principal.state)
  }
  if (then.row !== null) note('the row', wordRow(then.row), wordRow(now.row))
  return differences
}

function wordVerdict({ verdict, reason }: Pick<Trace, 'verdict' | 'reason'>): string {
  return verdict === 'allow' ? 'allowed' : (reason ?? 'denied')
}

function wordRow(row: Trace['row']): string {
  return row === null ? 'none' : `${row.kind} ${row.id} (${row.says})`
}
