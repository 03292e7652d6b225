import { type Address, parseAddress } from '../core/address.ts'
import type { Check, DialectName, PresentedApiKey } from '../core/check.ts'
import type { Hearsay } from '../core/findings.ts'
import { createMemo, createTexts } from '../core/memo.ts'
import type { NetworkSet } from '../core/network.ts'
import { readTarget } from '../core/path.ts'
import type { Reason } from '../core/reason.ts'
import { type Deny, deny } from '../core/verdict.ts'
import {
  AT,
  HEADER_LINES_MAX,
  type HeaderName,
  type Headers,
  readHeader,
  readLenient,
} from './headers.ts'
import { readHost } from './host.ts'
import type { Reply, WordDeny } from './reply.ts'

/** What came through the door, before anybody has interpreted it. */
export interface Asked {
  /** Of the subrequest; some gateways repeat the original one here. */
  readonly method: string
  /** What follows the endpoint's prefix, with its query; empty at a fixed endpoint. */
  readonly target: string
  readonly headers: Headers
  /** The gateway itself; loopback where it asks over a unix socket. */
  readonly peer: Address
  readonly trustedProxies: NetworkSet
  /** Where a dialect writes what it reads of the rest. */
  readonly told: Told
}

/** What a gateway says of the original request, not yet believed to be well-formed. */
export type Told = { -readonly [field in keyof Hearsay]: Hearsay[field] }

/** How one gateway spells a check and expects the answer. */
export interface Dialect {
  readonly name: DialectName
  /**
   * Writes down what the gateway says, or gives the name of the header that it must send once and
   * did not. Never falls back on what the subrequest itself looks like, unless that is where this
   * gateway says it; and never looks at another dialect's headers.
   */
  readTold(asked: Asked): HeaderName | undefined
  /** Of whoever may pass; the lines of the grant come to it. */
  readonly allow: Reply
  readonly wordDeny: WordDeny
  /**
   * Whether this gateway may send the original request's body along. Where it may not, a body
   * that is announced may never come, and would be cut out of the next check.
   */
  readonly carriesBodies: boolean
}

/** What could not be read as a check, and what is to blame. */
export interface Refused {
  readonly denial: Deny
  readonly about: string
  /** As the gateway spelt it, where it said enough. */
  readonly told: Hearsay | undefined
}

export function isRefused(read: Check | Refused): read is Refused {
  return 'denial' in read
}

/** A value that equals no token: no header can hold it. */
const MATCHES_NOTHING = '\0'

/** Upper case, and the hyphen of M-SEARCH. Any other method is refused before a rule sees it. */
const METHOD = /^[A-Z][A-Z-]{0,19}$/

/** Whether a rule may see this method at all. */
export function isMethod(method: string): boolean {
  return METHOD.test(method)
}

// Pure functions of one text each; how many different ones a busy gateway says at a time.
const hostOf = createMemo(64, readHost)
const methodOf = createMemo(16, (method) => (isMethod(method) ? method : undefined))
const targetOf = createMemo(1024, readTarget)
/**
 * A User-Agent and an address as checks hold them: clients ask more than once. Whoever keeps one
 * to compare it with theirs keeps these: then two that are equal mostly are one.
 */
export const agentOf = createTexts(256)
export const addressOf = createMemo(1024, parseAddress)

/** Reads a check in the given dialect; refusals come in the order of precedence of REASONS. */
export function readCheck(dialect: Dialect, asked: Asked): Check | Refused {
  const { headers, told } = asked
  if (headers.linesCount > HEADER_LINES_MAX) return refuse('authz.malformed_check', 'header lines')
  const missing = dialect.readTold(asked)
  if (missing !== undefined) return refuse('authz.malformed_check', missing)
  const host = hostOf(told.host)
  if (host === undefined) return refuse('authz.malformed_check', 'host', told)
  if (headers.hasReserved) return refuse('authz.reserved_header', '', told)
  const method = methodOf(told.method)
  if (method === undefined) return refuse('authz.unsupported_method', '', told)
  const target = targetOf(told.target)
  if (target === undefined) return refuse('authz.ambiguous_path', '', told)

  return {
    dialect: dialect.name,
    method,
    path: target.path,
    foldedPath: target.foldedPath,
    query: target.query,
    host,
    address: told.address,
    userAgent: agentOf(readHeader(headers, AT['user-agent']) ?? ''),
    cookies: readHeader(headers, AT.cookie) ?? '',
    csrfToken: readLenient(headers, AT['x-csrf-token'], MATCHES_NOTHING),
    apiKey: readApiKey(headers),
  }
}

/** A header sent twice is the client's doing: it counts as blank, so the set is incomplete. */
function readApiKey(headers: Headers): PresentedApiKey | undefined {
  const kid = readLenient(headers, AT['x-auth-apikey'], '')
  const nonce = readLenient(headers, AT['x-auth-nonce'], '')
  const signature = readLenient(headers, AT['x-auth-signature'], '')
  if (kid === undefined && nonce === undefined && signature === undefined) return undefined
  const version = headers.values[AT['x-auth-version']]
  const contentDigest = headers.values[AT['content-digest']]
  return { kid, nonce, signature, version, contentDigest }
}

function refuse(reason: Reason, about: string, told?: Told): Refused {
  return { denial: deny(reason), about, told: told && { ...told } }
}
