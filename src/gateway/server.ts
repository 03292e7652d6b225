import type { Address } from '../core/address.ts'
import type { Check, DialectName } from '../core/check.ts'
import { createFindings, type Findings } from '../core/findings.ts'
import { matchNetwork, type NetworkSet } from '../core/network.ts'
import { type Answer, type Authorize, deny } from '../core/verdict.ts'
import type { DecisionIds } from './decision-id.ts'
import { type Dialect, isRefused, readCheck } from './dialect.ts'
import { FIXED_PATHS, matchEndpoint } from './endpoint.ts'
import type { Accept, Callbacks, Engine, Inbound, ListenAt, Listening, Outbound } from './engine.ts'
import { createReporter, type GatewayEvent, type Report } from './event.ts'
import { createGatherer, endsConnection } from './gather.ts'
import { readConnectionsMax } from './open-files.ts'
import { wordJwks, wordNativeDeny, wordNotFound } from './reply.ts'
import { hearAll } from './turns.ts'

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
  /** More connections than these are cut as they are opened; by default what the system allows. */
  readonly connectionsMax?: number
  /** On the clock that `authorize` reads, too: a reading of it is a hundredth of a hit. */
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
  /**
   * Accepts no more connections, which `onClosed` is told of; resolves as `Engine.drain` does,
   * when what had come by then is answered.
   */
  drain(withinMs: number, onClosed?: () => void): Promise<void>
  close(): Promise<void>
}

const UNAVAILABLE = deny('authz.unavailable')
const UNTRUSTED = deny('authz.untrusted_gateway')
const UNAVAILABLE_REPLY = wordNativeDeny(UNAVAILABLE)
const UNTRUSTED_REPLY = wordNativeDeny(UNTRUSTED)
const NOT_FOUND = wordNotFound('{"error":"Not found"}')

/**
 * Answers one check. What it needs is handed on one by one: an object that held it would be 70
 * bytes of each request. `isLast`: the connection ends with the reply; `check` is undefined where
 * nothing could be read.
 */
type Conclude = (
  dialect: Dialect,
  outbound: Outbound,
  isLast: boolean,
  startUs: number,
  found: Findings,
  check: Check | undefined,
  answer: Answer,
) => void

/** A check whose answer has to be waited for. */
interface Waiting {
  readonly dialect: Dialect
  readonly outbound: Outbound
  readonly found: Findings
  readonly conclude: (answer: Answer) => void
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
    const read = readCheck(dialect, asked)
    if (!isRefused(read)) {
      ask(dialect, outbound, isLast, startUs, found, read)
      return
    }
    found.about = read.about
    found.told = read.told
    if (read.denial.reason === 'authz.malformed_check') {
      report({ kind: 'malformed_check', dialect: dialect.name, about: read.about })
    }
    conclude(dialect, outbound, isLast, startUs, found, undefined, read.denial)
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

  const { connectionsMax = readConnectionsMax() } = dependencies
  const callbacks: Callbacks = {
    accept,
    paths: FIXED_PATHS,
    fallback: UNAVAILABLE_REPLY,
    connectionsMax,
    onCrowded: () => report({ kind: 'crowded', connectionsMax }),
    onBug: (cause) => report({ kind: 'bug', cause }),
  }
  return {
    listen: (at) => engine.listen(at, callbacks),
    async drain(withinMs, onClosed) {
      // Whom the system has let in already is heard: closing the door now would cut them off.
      await hearAll(dependencies.nowUs)
      const drained = engine.drain(withinMs)
      onClosed?.()
      await drained
      // Where time ran out, a request may have come that was not read yet.
      await hearAll(dependencies.nowUs)
    },
    close: () => engine.close(),
  }
}

/** Asks `authorize`; at once where it answers at once, within `answerWithinMs` where it waits. */
function createAsk(
  { authorize, answerWithinMs, ids }: ServerDependencies,
  report: (event: GatewayEvent) => void,
  conclude: Conclude,
) {
  return function ask(
    dialect: Dialect,
    outbound: Outbound,
    isLast: boolean,
    startUs: number,
    found: Findings,
    check: Check,
  ): void {
    let answer: Answer | Promise<Answer>
    try {
      answer = authorize(check, found, startUs / 1000)
    } catch (cause) {
      report({ kind: 'authorize_failed', dialect: dialect.name, cause })
      found.about = 'bug'
      answer = UNAVAILABLE
    }
    if (answer instanceof Promise) {
      awaitAnswer(answer, waitingOf(dialect, outbound, isLast, startUs, found, check))
    } else conclude(dialect, outbound, isLast, startUs, found, check, answer)
  }

  /** Apart: a function that makes a closure somewhere makes room for what it holds each time. */
  function waitingOf(
    dialect: Dialect,
    outbound: Outbound,
    isLast: boolean,
    startUs: number,
    found: Findings,
    check: Check,
  ): Waiting {
    return {
      ...{ dialect, outbound, found },
      conclude: (answer) => conclude(dialect, outbound, isLast, startUs, found, check, answer),
    }
  }

  function awaitAnswer(promise: Promise<Answer>, waiting: Waiting): void {
    const { outbound, found } = waiting
    const { name } = waiting.dialect
    let isConcluded = false
    outbound.hold()
    const timer = setTimeout(() => {
      isConcluded = true
      // A caller that has gone waits for nothing.
      if (!outbound.isOver) report({ kind: 'authorize_late', dialect: name })
      found.about = 'late'
      concludeSafely(waiting, UNAVAILABLE)
    }, answerWithinMs)
    const onAnswer = (answer: Answer) => {
      if (isConcluded) return
      clearTimeout(timer)
      concludeSafely(waiting, answer)
    }
    promise.then(onAnswer, (cause) => {
      report({ kind: 'authorize_failed', dialect: name, cause })
      found.about = 'bug'
      onAnswer(UNAVAILABLE)
    })
  }

  /** Outside the accepting function nothing else stands between a throw and the process. */
  function concludeSafely({ outbound, conclude: concludeThis }: Waiting, answer: Answer): void {
    try {
      // What nobody is left to hear is not observed either.
      if (!outbound.isOver) concludeThis(answer)
    } catch (cause) {
      report({ kind: 'bug', cause })
      replyUnavailable(outbound, ids)
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
  return function conclude(dialect, outbound, isLast, startUs, found, check, answer) {
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
