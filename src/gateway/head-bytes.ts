import { DECISION_HEADER, DECISION_ID_CHARS } from './decision-id.ts'
import type { Reply } from './reply.ts'

const DECISION_LINE = `\r\n${DECISION_HEADER}: `
const LINE = Buffer.from('\r\n', 'latin1')
const COLON = Buffer.from(': ', 'latin1')

/**
 * uWebSockets.js copies bytes as they are; text it first asks V8 to write out, which costs a token
 * of 600 characters some 1,600 instructions for every reply. And each call into it costs some
 * hundred nanoseconds, so all lines go in one: behind the first name stands its value, and behind
 * that the other lines as they look on the wire. Replies are used again, so once is enough; a
 * reply keeps its bytes itself, as a WeakMap hashes for each of them.
 */
function namedOf(reply: Reply): Uint8Array {
  if (reply.named !== undefined) return reply.named
  reply.name = sharedBytes(reply.headers[0] as string)
  const parts: Buffer[] = []
  for (const [at, part] of reply.headers.entries()) {
    if (at === 0) continue
    if (at > 1) parts.push(at % 2 === 0 ? LINE : COLON)
    parts.push(typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))
  }
  const id = Buffer.from(DECISION_LINE + '0'.repeat(DECISION_ID_CHARS), 'latin1')
  reply.named = Buffer.concat([...parts, id])
  return reply.named
}

/** The value with the id in its place; overwritten by the next call for the same reply. */
export function nameDecision(reply: Reply, decisionId: Uint8Array): Uint8Array {
  const named = namedOf(reply)
  // Written out: `set` is a call of 60 ns for 13 bytes.
  let at = named.length - DECISION_ID_CHARS
  for (let from = 0; from < DECISION_ID_CHARS; from++) named[at++] = decisionId[from] as number
  return named
}

/** The value of an answer that is no decision. */
export function leaveUnnamed(reply: Reply): Uint8Array {
  const named = namedOf(reply)
  return named.subarray(0, named.length - DECISION_ID_CHARS - DECISION_LINE.length)
}

const shared = new Map<string, Uint8Array>()

/** Names and status lines are few; with bytes of its own each reply would bring more to memory. */
export function sharedBytes(text: string): Uint8Array {
  const known = shared.get(text)
  if (known !== undefined) return known
  const bytes = Buffer.from(text, 'latin1')
  shared.set(text, bytes)
  return bytes
}
