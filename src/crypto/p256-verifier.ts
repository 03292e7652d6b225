import type { KeyObject } from 'node:crypto'
import { createPublicKey, verify } from 'node:crypto'
import {
  createKeyTables,
  createTableHolder,
  type KeyTables,
  type TableHolder,
} from './key-tables.ts'
import { placeMessage } from './p256.ts'
import { claimKeyTables, type WasmInstance } from './wasm.ts'

const PUBLIC_KEY_BYTES = 64
const SIGNATURE_BYTES = 64
/** RFC 5480 §2: what a SubjectPublicKeyInfo of P-256 is before x and y. */
const SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')
/** Once is often all; a table costs as much as some fifteen verifications without one. */
const USES_BEFORE_TABLE = 2
/** A key takes another's table only after this many uses. */
const USES_BEFORE_EVICTION = 32

const INVALID = 0
const VALID = 1

/**
 * One public key. Signatures are 64 bytes with r and s from 1 to the order less 1; a high s is
 * valid.
 */
export interface P256Key {
  /** Whether the bytes are this key's signature over the message. Never throws. */
  verify(message: Uint8Array, signature: Uint8Array): boolean
  /** Gives its table's room to others; the key still verifies, and may get a table again. */
  forget(): void
}

export interface P256Keys {
  /** The key, or `undefined` unless the 64 bytes are x and y of a point of the curve. */
  prepare(publicKey: Uint8Array): P256Key | undefined
  /** How many keys have a table now. */
  tablesCount(): number
  readonly tablesMax: number
}

interface Entry {
  readonly holder: TableHolder
  keyObject: KeyObject | undefined
}

/**
 * Keys that verify in a WebAssembly instance of their own, whose room behind the fixed map is the
 * bound of their tables. A key gets a table at its second use; without one node:crypto verifies by
 * the same rule. Builds the table of the base point: call it once for an instance.
 */
export function createP256Keys(
  instance: WasmInstance,
  options: { usesBeforeTable?: number } = {},
): P256Keys {
  claimKeyTables(instance)
  instance.entry('p256StartVerifying')()
  const { bytes, parametersAt } = instance
  const isKeySound = instance.entry('p256KeyIsSound')
  const verifyWithTable = instance.entry('p256Verify')
  const tables = createTables(instance, options.usesBeforeTable ?? USES_BEFORE_TABLE)

  function isValid(entry: Entry, message: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== SIGNATURE_BYTES) return false
    const tableAt = tables.placeOf(entry.holder)
    if (tableAt !== -1) {
      const length = placeMessage(instance, 0, message)
      bytes.set(signature, parametersAt)
      const verdict = verifyWithTable(tableAt, length)
      if (verdict === VALID || verdict === INVALID) return verdict === VALID
      // The sum met a point and itself: whoever made this key knew how to bring that about.
    }
    const key = keyObjectOf(entry)
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
  }

  return {
    prepare(publicKey) {
      if (publicKey.length !== PUBLIC_KEY_BYTES) return undefined
      bytes.set(publicKey, parametersAt)
      if (isKeySound() !== 1) return undefined
      const entry = { holder: createTableHolder(publicKey), keyObject: undefined }
      return {
        verify: (message, signature) => isValid(entry, message, signature),
        forget: () => tables.release(entry.holder),
      }
    },
    tablesCount: tables.count,
    tablesMax: tables.max,
  }
}

function createTables(instance: WasmInstance, usesBeforeTable: number): KeyTables {
  const { bytes, parametersAt } = instance
  const buildTable = instance.entry('p256PrepareKey')
  const firstAt = instance.entry('p256KeysAt')()
  const tableBytes = instance.entry('p256KeyBytes')()
  const max = Math.floor((bytes.length - firstAt) / tableBytes)
  return createKeyTables({
    places: Array.from({ length: max }, (_, index) => firstAt + index * tableBytes),
    usesBeforeTable,
    usesBeforeEviction: USES_BEFORE_EVICTION,
    build(publicKey, tableAt) {
      bytes.set(publicKey, parametersAt)
      return buildTable(tableAt) === 1
    },
  })
}

function keyObjectOf(entry: Entry): KeyObject {
  entry.keyObject ??= createPublicKey({
    key: Buffer.concat([SPKI_HEAD, entry.holder.publicKey]),
    format: 'der',
    type: 'spki',
  })
  return entry.keyObject
}
