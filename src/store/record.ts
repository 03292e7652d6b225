import { crc32 } from 'node:zlib'
import { Packr, RESERVE_START_SPACE } from 'msgpackr'
import type { Address } from '../core/address.ts'
import { Fault } from '../core/fault.ts'
import type { Principal, Session } from '../core/principal.ts'

/**
 * A record is: version byte, kind byte, CRC-32 of version, kind and body, then the fields in
 * order as one MessagePack array. The checksum turns damage into a fault instead of into
 * another value; it is no defence against a writer, who could forge it.
 */
const VERSION = 1
export const KINDS = { session: 1, principal: 2, key: 3, activity: 4 } as const
const HEADER_BYTES = 6
/** Far above any honest record: a User-Agent is cut at the door. */
const RECORD_BYTES_MAX = 64 * 1024

const packr = new Packr({ useRecords: false, mapsAsObjects: true })

export function encodeSession(session: Session): Uint8Array {
  const { address } = session
  return seal(KINDS.session, [
    session.hash,
    session.uid,
    session.csrfToken,
    session.userAgent,
    [address.family, address.a, address.b, address.c, address.d, address.text],
    session.createdAtMs,
    session.endsAtMs,
    session.generation,
  ])
}

export function encodePrincipal(principal: Principal): Uint8Array {
  return seal(KINDS.principal, [
    principal.uid,
    principal.kind,
    principal.username,
    principal.email,
    principal.role,
    principal.level,
    principal.state,
    principal.referralId,
    principal.otp,
    principal.version,
  ])
}

/** The session that was written under `hash`; anything else is Fault `store_garbage`. */
export function decodeSession(bytes: Uint8Array, hash: string): Session {
  const fields = unseal(KINDS.session, bytes, 8)
  // A record copied under another key would hand one person's session to another.
  if (fields[0] !== hash) throw garbage('a session lies under a foreign key')
  const session: Session = {
    // Not the record's own text, a view of all of it that would keep it in memory.
    hash,
    uid: text(fields[1]),
    csrfToken: text(fields[2]),
    userAgent: text(fields[3]),
    address: addressOf(fields[4]),
    createdAtMs: whole(fields[5]),
    endsAtMs: whole(fields[6]),
    generation: whole(fields[7]),
  }
  if (session.uid === '') throw garbage('a session has no uid')
  return session
}

/** The principal that was written under `uid`; anything else is Fault `store_garbage`. */
export function decodePrincipal(bytes: Uint8Array, uid: string): Principal {
  const fields = unseal(KINDS.principal, bytes, 10)
  const kind = fields[1]
  if (kind !== 'user' && kind !== 'service') throw garbage('unknown kind of principal')
  if (fields[0] !== uid) throw garbage('a principal lies under a foreign key')
  const principal: Principal = {
    uid,
    kind,
    username: fields[2] === null ? null : text(fields[2]),
    email: text(fields[3]),
    role: text(fields[4]),
    level: whole(fields[5]),
    state: text(fields[6]),
    referralId: fields[7] === null ? null : whole(fields[7]),
    otp: truth(fields[8]),
    version: whole(fields[9]),
  }
  return principal
}

/** The bytes of a record of this kind. */
export function seal(kind: number, fields: readonly unknown[]): Uint8Array {
  const bytes = packr.pack(fields, RESERVE_START_SPACE | HEADER_BYTES)
  bytes[0] = VERSION
  bytes[1] = kind
  bytes.writeUInt32BE(checksum(kind, bytes.subarray(HEADER_BYTES)), 2)
  return bytes
}

/** The fields of a record; Fault `store_garbage` unless it is whole and of this kind. */
export function unseal(kind: number, bytes: Uint8Array, fieldsCount: number): readonly unknown[] {
  if (bytes.length <= HEADER_BYTES) throw garbage('a record is cut short')
  if (bytes.length > RECORD_BYTES_MAX) throw garbage('a record is too long')
  if (bytes[0] !== VERSION) throw garbage(`record version ${bytes[0]} is not known here`)
  if (bytes[1] !== kind) throw garbage('a record is of another kind')
  const body = bytes.subarray(HEADER_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(2) !== checksum(kind, body)) throw garbage('a record is damaged')
  let fields: unknown
  try {
    fields = packr.unpack(body)
  } catch (cause) {
    throw garbage('a record is not MessagePack', cause)
  }
  if (!Array.isArray(fields) || fields.length !== fieldsCount) {
    throw garbage('a record has the wrong fields')
  }
  return fields
}

function checksum(kind: number, body: Uint8Array): number {
  return crc32(body, (VERSION << 8) | kind)
}

function addressOf(value: unknown): Address {
  if (!Array.isArray(value) || value.length !== 6) throw garbage('an address has wrong fields')
  const family = value[0]
  if (family !== 4 && family !== 6) throw garbage('an address is of no known family')
  return {
    family,
    a: word(value[1]),
    b: word(value[2]),
    c: word(value[3]),
    d: word(value[4]),
    text: text(value[5]),
  }
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw garbage('a field is not text')
  return value
}

export function truth(value: unknown): boolean {
  if (typeof value !== 'boolean') throw garbage('a field is neither true nor false')
  return value
}

export function whole(value: unknown): number {
  // Safe integers only: msgpackr gives a bigint for what a number cannot hold.
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw garbage('a field is not a whole number')
  }
  return value
}

/** Signed or unsigned, as the address code likes it: 32 bits in either reading. */
function word(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw garbage('no address word')
  if (value < -0x8000_0000 || value > 0xffff_ffff) throw garbage('no address word')
  return value
}

export function garbage(about: string, cause?: unknown): Fault {
  return new Fault('store_garbage', { about, cause })
}
