import { IDENTITY_HEADERS } from '../core/identity-lines.ts'
import { DECISION_HEADER, DECISION_ID_CHARS } from './decision-id.ts'
import type { Reply } from './reply.ts'

/** A reply as it looks on the wire: one place serves all who get it. */
export interface Head {
  readonly status: Uint8Array
  /** Of the first header. */
  readonly name: Uint8Array
  /** Its value, and the other headers behind it. */
  readonly plain: Uint8Array
  /** The same, and the decision's id at the end. */
  readonly named: Uint8Array
  /** Made for the first grant. */
  granting: Granting | undefined
}

/** The same with a place for the lines of a grant behind it. */
interface Granting {
  readonly place: Place
  readonly idAt: number
  readonly linesAt: number
  /** By the length of the lines: to make a view of the place costs more than to fill it. */
  readonly views: (Uint8Array | undefined)[]
}

/** `write` finds this by the encoding's name, which takes a third of its time. */
interface Place extends Buffer {
  latin1Write(text: string, at: number, length: number): number
}

const DECISION_LINE = `\r\n${DECISION_HEADER}: `
const LINES_NAME = `\r\n${IDENTITY_HEADERS[0]}: `

/** Longer lines than most gateways take are put together anew for each answer. */
const LINES_BYTES_MAX = 8 * 1024

/**
 * uWebSockets.js copies bytes as they are; text it first asks V8 to write out, several times as
 * slowly as a Buffer does. And each call into it costs some hundred nanoseconds, so all lines go in
 * one: behind the first name stands its value, and behind that the other lines as they look on the
 * wire. Replies are used again, so once is enough; a reply keeps its bytes itself, as a WeakMap
 * hashes for each of them.
 */
export function headOf(reply: Reply): Head {
  reply.head ??= createHead(reply)
  return reply.head
}

function createHead({ headers, statusLine }: Reply): Head {
  let value = ''
  for (let at = 1; at < headers.length; at++) {
    if (at > 1) value += at % 2 === 0 ? '\r\n' : ': '
    value += headers[at]
  }
  const named = Buffer.from(value + DECISION_LINE + '0'.repeat(DECISION_ID_CHARS), 'latin1')
  return {
    status: sharedBytes(statusLine),
    name: sharedBytes(headers[0] as string),
    plain: named.subarray(0, value.length),
    named,
    granting: undefined,
  }
}

/**
 * The value of the first header with all that follows it, overwritten by the next call for the
 * same reply. Without an id it is no decision; lines come with a grant.
 */
export function headValue(
  head: Head,
  decisionId: Uint8Array | undefined,
  lines: string | undefined,
): Uint8Array {
  if (decisionId === undefined) return head.plain
  if (lines !== undefined) return grantedValue(head, decisionId, lines)
  const { named } = head
  writeId(named, named.length - DECISION_ID_CHARS, decisionId)
  return named
}

function grantedValue(head: Head, decisionId: Uint8Array, lines: string): Uint8Array {
  head.granting ??= createGranting(head)
  const { place, idAt, linesAt, views } = head.granting
  writeId(place, idAt, decisionId)
  const { length } = lines
  if (length > LINES_BYTES_MAX) {
    return Buffer.concat([place.subarray(0, linesAt), Buffer.from(lines, 'latin1')])
  }
  place.latin1Write(lines, linesAt, length)
  const known = views[length]
  if (known !== undefined) return known
  const view = place.subarray(0, linesAt + length)
  views[length] = view
  return view
}

function createGranting({ named }: Head): Granting {
  const linesAt = named.length + LINES_NAME.length
  const place = Buffer.alloc(linesAt + LINES_BYTES_MAX) as Place
  place.set(named)
  place.write(LINES_NAME, named.length, 'latin1')
  const views = new Array<Uint8Array | undefined>(LINES_BYTES_MAX + 1).fill(undefined)
  return { place, idAt: named.length - DECISION_ID_CHARS, linesAt, views }
}

/** Written out: `set` is a call of 60 ns for 13 bytes. */
function writeId(target: Uint8Array, from: number, decisionId: Uint8Array): void {
  for (let at = 0; at < DECISION_ID_CHARS; at++) target[from + at] = decisionId[at] as number
}

const shared = new Map<string, Uint8Array>()

/** Names and status lines are few; with bytes of its own each reply would bring more to memory. */
function sharedBytes(text: string): Uint8Array {
  const known = shared.get(text)
  if (known !== undefined) return known
  const bytes = Buffer.from(text, 'latin1')
  shared.set(text, bytes)
  return bytes
}
