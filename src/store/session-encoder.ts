import { crc32 } from 'node:zlib'
import type { Session } from '../core/principal.ts'
import { createMessageWriter } from './message-writer.ts'
import { HEADER_BYTES, KINDS, VERSION } from './record.ts'

/** The record of a session; its memory belongs to the caller. */
export type EncodeSession = (session: Session) => Uint8Array

/** What the body takes beside its texts, and more: heads of fields, and numbers. */
const FIXED_BYTES = 160

/**
 * The same bytes as `encodeSession`, in less than half of the time, for whoever encodes all
 * sessions at once.
 */
export function createSessionEncoder(): EncodeSession {
  const { begin, list, text, whole, end } = createMessageWriter()

  return function encode(session) {
    const { hash, uid, csrfToken, userAgent, address } = session
    const unitsCount =
      hash.length + uid.length + csrfToken.length + userAgent.length + address.text.length
    // No text takes more than three bytes for a unit.
    begin(3 * unitsCount + FIXED_BYTES)
    // Room for the header: numbers below 0x80 are single bytes.
    for (let at = 0; at < HEADER_BYTES; at++) whole(0)
    list(8)
    text(hash)
    text(uid)
    text(csrfToken)
    text(userAgent)
    list(6)
    whole(address.family)
    whole(address.a)
    whole(address.b)
    whole(address.c)
    whole(address.d)
    text(address.text)
    whole(session.createdAtMs)
    whole(session.endsAtMs)
    whole(session.generation)
    const record = end()
    record[0] = VERSION
    record[1] = KINDS.session
    const sum = crc32(record.subarray(HEADER_BYTES), (VERSION << 8) | KINDS.session)
    record.writeUInt32BE(sum, 2)
    return record
  }
}
