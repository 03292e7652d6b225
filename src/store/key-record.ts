import { type ApiKey, KEY_ALGORITHMS, type KeyRate } from '../core/api-key.ts'
import { garbage, KINDS, seal, text, truth, unseal, whole } from './record.ts'

const FIELDS_COUNT = 11

export function encodeKey(key: ApiKey): Uint8Array {
  const { rate } = key
  return seal(KINDS.key, [
    key.kid,
    key.uid,
    key.algorithm,
    key.material,
    key.isV1Accepted,
    key.scopes,
    key.networks,
    key.state,
    key.expiresAtMs ?? null,
    rate === undefined ? null : [rate.perSecond, rate.burst],
    key.version,
  ])
}

/** The key that was written under `kid`; anything else is Fault `store_garbage`. */
export function decodeKey(bytes: Uint8Array, kid: string): ApiKey {
  const fields = unseal(KINDS.key, bytes, FIELDS_COUNT)
  const algorithm = KEY_ALGORITHMS.find((one) => one === fields[2])
  if (algorithm === undefined) throw garbage('a key has no known algorithm')
  const key: ApiKey = {
    kid: text(fields[0]),
    uid: text(fields[1]),
    algorithm,
    material: octets(fields[3]),
    isV1Accepted: truth(fields[4]),
    scopes: texts(fields[5]),
    networks: texts(fields[6]),
    state: text(fields[7]),
    expiresAtMs: fields[8] === null ? undefined : whole(fields[8]),
    rate: rateOf(fields[9]),
    version: whole(fields[10]),
  }
  // A record copied under another kid would let one key's holder pass for another's.
  if (key.kid !== kid) throw garbage('a key lies under a foreign kid')
  if (key.uid === '') throw garbage('a key has no holder')
  return key
}

function rateOf(value: unknown): KeyRate | undefined {
  if (value === null) return undefined
  if (!Array.isArray(value) || value.length !== 2) throw garbage('a rate has wrong fields')
  return { perSecond: whole(value[0]), burst: whole(value[1]) }
}

function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw garbage('a field is not a list')
  return value.map(text)
}

/** A copy: what was unpacked is a view of memory that the driver may use again. */
function octets(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw garbage('a field is not bytes')
  return new Uint8Array(value)
}
