import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Address, LOOPBACK } from '../core/address.ts'
import type { Check, DialectName } from '../core/check.ts'
import { createFindings, type Findings } from '../core/findings.ts'
import { matchNetwork, type NetworkSet } from '../core/network.ts'
import { type Answer, type Authorize, deny } from '../core/verdict.ts'
import type { DecisionIds } from './decision-id.ts'
import { type Asked, type Dialect, readCheck } from './dialect.ts'
import { FIXED_PATHS, matchEndpoint } from './endpoint.ts'
import type { Accept, Engine, Inbound, ListenAt, Listening, Outbound } from './engine.ts'
import { createReporter, type GatewayEvent, type Report } from './event.ts'
import {
  AT,
  clearHeaders,
  createHeaders,
  type Headers,
  hasBody,
  noteHeader,
  readLenient,
} from './headers.ts'
import { wordJwks, wordNativeDeny, wordNotFound } from './reply.ts'

export interface ServerDependencies {
  readonly engine: Engine
  readonly authorize: Authorize
  /** Who may ask. A peer on a unix socket may: the socket's mode is the guard there. */
  readonly trustedGateways: NetworkSet
  /** Whose entries in X-Forwarded-For are believed and passed over. */
  readonly trustedProxies: NetworkSet
  readonly jwks: () => { body: Uint8Array | string; maxAgeS: number }
  /** An answer that takes longer is `authz.unavailable`; what comes later is dropped. */
  readonly answerWithinMs: number
  /** Names every answer to a check, in its header. */
  readonly ids: DecisionIds
  /** Once for each check that was answered, after its reply. */
  readonly observe: Observe
  readonly report: Report
  readonly nowUs: () => number
}

/**
 * What was answered to whom, why, and what it took. `none`: its dialect was not read. `decision`
 * is the number of `ids`; `found` is not written any more.
 */
export type Observe = (
  dialect: DialectName | 'none',
  answer: Answer,
  check: Check | undefined,
  elapsedUs: number,
  decision: number,
  found: Findings,
) => void

export interface Server {
  /** Throws an EngineError that says what to do. */
  listen(at: ListenAt): Promise<Listening>
  /** Accepts no more connections; resolves as `Engine.drain` does. */
  drain(withinMs: number): Promise<void>
  close(): Promise<void>
}

const UNAVAILABLE = deny('authz.unavailable')
const UNTRUSTED = deny('authz.untrusted_gateway')
const UNAVAILABLE_REPLY = wordNativeDeny(UNAVAILABLE)
const UNTRUSTED_REPLY = wordNativeDeny(UNTRUSTED)
const NOT_FOUND = wordNotFound('{"error":"Not found"}')

/** Within so many turns of the event loop its poll phase is gone through whole. */
const TURNS_HEARD = 2

/** One check on its way: what is needed to answer it. */
interface Asking {
  readonly dialect: Dialect
  readonly outbound: Outbound
  /** Whether the connection ends with the reply. */
  readonly isLast: boolean
  readonly startUs: number
  readonly found: Findings
  /** Undefined while nothing could be read. */
  check: Check | undefined
}

/** Hears gateways, asks `authorize`, and answers each in its dialect. */
export function createServer(dependencies: ServerDependencies): Server {
  const { engine, nowUs } = dependencies
  const isTrusted = createIsTrusted(dependencies.trustedGateways)
  const report = createReporter(dependencies.report, nowUs)
  const gather = createGatherer(dependencies.trustedProxies)
  const conclude = createConclude(dependencies, report)
  const ask = createAsk(dependencies, report, conclude)

  const accept: Accept = (inbound, outbound) => {
    try {
      hear(inbound, outbound)
    } catch (cause) {
      report({ kind: 'bug', cause })
      replyUnavailable(outbound, dependencies.ids)
    }
  }

  function hear(inbound: Inbound, outbound: Outbound): void {
    const startUs = nowUs()
    if (!isTrusted(inbound)) {
      refuseStranger(inbound, outbound, startUs)
      return
    }
    const endpoint = matchEndpoint(inbound.path, inbound.query)
    if (endpoint.kind === 'missing') {
      outbound.reply(endpoint.reply, false)
      return
    }
    if (endpoint.kind === 'jwks') {
      replyJwks(inbound, outbound)
      return
    }

    const { dialect } = endpoint
    const asked = gather(inbound, endpoint.target)
    const isLast = endsConnection(dialect, asked.headers)
    const found = createFindings()
    const asking: Asking = { dialect, outbound, isLast, startUs, found, check: undefined }
    const read = readCheck(dialect, asked)
    if (read.kind === 'check') {
      asking.check = read.check
      ask(asking, read.check)
      return
    }
    found.about = read.about
    found.told = read.told
    if (read.denial.reason === 'authz.malformed_check') {
      report({ kind: 'malformed_check', dialect: dialect.name, about: read.about })
    }
    conclude(asking, read.denial)
  }

  function refuseStranger(inbound: Inbound, outbound: Outbound, startUs: number): void {
    const { ids, observe } = dependencies
    const found = createFindings()
    found.about = inbound.peer?.text ?? ''
    const decision = ids.next()
    outbound.reply(UNTRUSTED_REPLY, true, ids.bytes)
    report({ kind: 'untrusted_gateway', peer: found.about })
    observe('none', UNTRUSTED, undefined, nowUs() - startUs, decision, found)
  }

  function replyJwks(inbound: Inbound, outbound: Outbound): void {
    const isRead = inbound.method === 'GET' || inbound.method === 'HEAD'
    outbound.reply(isRead ? wordJwks(dependencies.jwks()) : NOT_FOUND, false)
  }

  const onBug = (cause: unknown) => report({ kind: 'bug', cause })
  return {
    listen: (at) =>
      engine.listen(at, { accept, paths: FIXED_PATHS, fallback: UNAVAILABLE_REPLY, onBug }),
    async drain(withinMs) {
      // Whom the system has let in already is heard: closing the door now would cut them off.
      for (let turn = 0; turn < TURNS_HEARD; turn++) await nextTurn()
      await engine.drain(withinMs)
    },
    close: () => engine.close(),
  }
}

type Conclude = (asking: Asking, answer: Answer) => void

/** Asks `authorize`; at once where it answers at once, within `answerWithinMs` where it waits. */
function createAsk(
  { authorize, answerWithinMs, ids }: ServerDependencies,
  report: (event: GatewayEvent) => void,
  conclude: Conclude,
): (asking: Asking, check: Check) => void {
  return function ask(asking, check) {
    let answer: Answer | Promise<Answer>
    try {
      answer = authorize(check, asking.found)
    } catch (cause) {
      report({ kind: 'authorize_failed', dialect: asking.dialect.name, cause })
      asking.found.about = 'bug'
      answer = UNAVAILABLE
    }
    if (answer instanceof Promise) awaitAnswer(asking, answer)
    else conclude(asking, answer)
  }

  function awaitAnswer(asking: Asking, promise: Promise<Answer>): void {
    const { name } = asking.dialect
    let isConcluded = false
    asking.outbound.hold()
    const timer = setTimeout(() => {
      isConcluded = true
      // A caller that has gone waits for nothing.
      if (!asking.outbound.isOver) report({ kind: 'authorize_late', dialect: name })
      asking.found.about = 'late'
      concludeSafely(asking, UNAVAILABLE)
    }, answerWithinMs)
    const onAnswer = (answer: Answer) => {
      if (isConcluded) return
      clearTimeout(timer)
      concludeSafely(asking, answer)
    }
    promise.then(onAnswer, (cause) => {
      report({ kind: 'authorize_failed', dialect: name, cause })
      asking.found.about = 'bug'
      onAnswer(UNAVAILABLE)
    })
  }

  /** Outside the accepting function nothing else stands between a throw and the process. */
  function concludeSafely(asking: Asking, answer: Answer): void {
    try {
      // What nobody is left to hear is not observed either.
      if (!asking.outbound.isOver) conclude(asking, answer)
    } catch (cause) {
      report({ kind: 'bug', cause })
      replyUnavailable(asking.outbound, ids)
    }
  }
}

/** After a bug; named like every other answer. */
function replyUnavailable(outbound: Outbound, ids: DecisionIds): void {
  ids.next()
  outbound.reply(UNAVAILABLE_REPLY, true, ids.bytes)
}

/** Replies in the dialect, then observes. */
function createConclude(
  { ids, observe, nowUs }: ServerDependencies,
  report: (event: GatewayEvent) => void,
): Conclude {
  return function conclude(asking, answer) {
    const { dialect, check, outbound, isLast, startUs, found } = asking
    let given = answer
    if (answer.kind === 'allow' && answer.lines === undefined) {
      report({ kind: 'grant_unwritable', dialect: dialect.name })
      found.about = 'unwritable'
      given = UNAVAILABLE
    }
    const decision = ids.next()
    if (given.kind === 'allow') outbound.reply(dialect.allow, isLast, ids.bytes, given.lines)
    else outbound.reply(dialect.wordDeny(given), isLast, ids.bytes)
    observe(dialect.name, given, check, nowUs() - startUs, decision, found)
  }
}

/** Whether a request comes from a gateway of ours; most come from the one that asked last. */
function createIsTrusted(trustedGateways: NetworkSet): (inbound: Inbound) => boolean {
  let last: Address | undefined
  return function isTrusted({ isLocal, peer }) {
    if (isLocal) return true
    if (peer === undefined) return false
    if (peer === last) return true
    if (!matchNetwork(trustedGateways, peer)) return false
    last = peer
    return true
  }
}

/**
 * A body that is announced where none belongs may never come: the next check on the connection
 * would be read as it. And who waits for 100 is not sure whether to send one.
 */
function endsConnection(dialect: Dialect, headers: Headers): boolean {
  if (readLenient(headers, AT.expect, '') !== undefined) return true
  return !dialect.carriesBodies && hasBody(headers)
}

/**
 * One callback and one place for all requests: gathering is synchronous, and what a check keeps of
 * what was asked it takes out before the next is heard.
 */
function createGatherer(trustedProxies: NetworkSet): (inbound: Inbound, target: string) => Asked {
  const headers = createHeaders()
  const asked = { method: '', target: '', headers, peer: LOOPBACK, trustedProxies }
  const see = (name: string, value: string) => noteHeader(headers, name, value)
  return function gather(inbound, target) {
    clearHeaders(headers)
    inbound.forEachHeader(see)
    asked.method = inbound.method
    asked.target = target
    asked.peer = inbound.peer ?? LOOPBACK
    return asked
  }
}
