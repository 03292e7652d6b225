import { garbage } from './record.ts'
import type { SessionRow } from './rows.ts'

/** Between fields: none of those that we make has it, and what a client chose comes last. */
const SEPARATOR = '\x1f'
const [SEPARATOR_UNIT, ZERO, NINE] = [0x1f, 0x30, 0x39] as const

/**
 * A row of `sessions s` as one column, for those who read all of them: a driver takes its time for
 * columns rather than for bytes. Of ten columns none can be null.
 */
export const SESSION_LINE = `
  concat_ws(E'\\x1f', s.hash, s.uid, s.csrf_token, s.address, s.address_words, s.generation,
    floor(extract(epoch from s.created_at) * 1000)::bigint,
    floor(extract(epoch from s.ends_at) * 1000)::bigint,
    floor(extract(epoch from s.idle_at) * 1000)::bigint, s.user_agent) as line`

export interface SessionLineRow {
  readonly line: string
}

/** The row that a line was made of; anything else is Fault `store_garbage`. */
export function readSessionLine(line: string): SessionRow {
  let at = 0

  function text(): string {
    const from = at
    const end = line.indexOf(SEPARATOR, from)
    if (end === -1) throw garbage('a row of sessions has too few fields')
    at = end + 1
    return line.slice(from, end)
  }

  /** Digit by digit, in place: to cut a text out and read that takes three times as long. */
  function whole(): number {
    const from = at
    let value = 0
    for (; at < line.length; at++) {
      const unit = line.charCodeAt(at)
      if (unit < ZERO || unit > NINE) break
      value = 10 * value + unit - ZERO
    }
    const isEnded = line.charCodeAt(at) === SEPARATOR_UNIT
    if (at === from || !isEnded || !Number.isSafeInteger(value)) {
      throw garbage('a number in sessions cannot be read')
    }
    at += 1
    return value
  }

  return {
    hash: text(),
    uid: text(),
    csrf_token: text(),
    address: text(),
    address_words: text(),
    generation: whole(),
    created_at_ms: whole(),
    ends_at_ms: whole(),
    idle_at_ms: whole(),
    user_agent: line.slice(at),
  }
}
