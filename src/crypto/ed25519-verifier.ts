import type { KeyObject } from 'node:crypto'
import { createPublicKey, verify } from 'node:crypto'
import { BATCH_MAX } from './ed25519.ts'
import {
  createKeyTables,
  createTableHolder,
  type KeyTables,
  type TableHolder,
} from './key-tables.ts'
import type { WasmInstance } from './wasm.ts'
import { claimKeyTables } from './wasm.ts'

const PUBLIC_KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** RFC 8410 §4: what a SubjectPublicKeyInfo of Ed25519 is before the key's own bytes. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')
/** Once is often all; a table costs as much as some five verifications without one. */
const USES_BEFORE_TABLE = 2
/** A key takes another's table only after this many uses. */
const USES_BEFORE_EVICTION = 16

/**
 * One public key. The rule: S is below the order; the key is the canonical encoding of a point of
 * the curve and not of small order; R is canonical and not of small order; S B = R + k A without
 * a cofactor.
 */
export interface Ed25519Key {
  /** Whether the 64 bytes are this key's signature over the message. Never throws. */
  verify(message: Uint8Array, signature: Uint8Array): boolean
  /** Gives its table's room to others; the key still verifies, and may get a table again. */
  forget(): void
}

interface Entry {
  readonly holder: TableHolder
  keyObject: KeyObject | undefined
}

export interface Ed25519Keys {
  /** The key, or `undefined` unless its 32 bytes are one by the rule. */
  prepare(publicKey: Uint8Array): Ed25519Key | undefined
  /** Verifies up to sixteen at once, of the same key or of many. */
  verifyMany(items: readonly Ed25519Item[]): boolean[]
  /** How many keys have a table now. */
  tablesCount(): number
}

export interface Ed25519Item {
  readonly key: Ed25519Key
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Keys that verify in a WebAssembly instance of public data, whose room for tables is the bound.
 * A key gets a table at its second use; without one, and for messages beyond some 7 KB,
 * node:crypto verifies by the same rule. Builds the table of
 * the base point. Throws an Error if the instance holds other keys' tables already.
 */
export function createEd25519Keys(
  instance: WasmInstance,
  options: { usesBeforeTable?: number } = {},
): Ed25519Keys {
  claimKeyTables(instance)
  instance.entry('edPrepareVerify')()
  const { bytes, parametersAt } = instance
  const isKeySound = instance.entry('edKeyIsSound')
  const tables = createTables(instance, options.usesBeforeTable ?? USES_BEFORE_TABLE)
  const verifyOne = createVerifyOne(instance, tables)
  const verifyBatch = createVerifyBatch(instance, tables, verifyOne)
  const entries = new WeakMap<Ed25519Key, Entry>()

  return {
    prepare(publicKey) {
      if (publicKey.length !== PUBLIC_KEY_BYTES) return undefined
      bytes.set(publicKey, parametersAt)
      if (isKeySound() !== 1) return undefined
      const entry = { holder: createTableHolder(publicKey), keyObject: undefined }
      const key: Ed25519Key = {
        verify: (message, signature) => verifyOne(entry, message, signature),
        forget: () => tables.release(entry.holder),
      }
      entries.set(key, entry)
      return key
    },
    verifyMany(items) {
      if (items.length > BATCH_MAX) throw new RangeError(`More than ${BATCH_MAX} signatures.`)
      return verifyBatch(
        items.map(({ key, message, signature }) => {
          const entry = entries.get(key)
          if (entry === undefined) throw new TypeError('A key of another instance.')
          return { entry, message, signature }
        }),
      )
    },
    tablesCount: tables.count,
  }
}

function createTables(instance: WasmInstance, usesBeforeTable: number): KeyTables {
  const { bytes, parametersAt, keyTablesMax } = instance
  const buildTable = instance.entry('edVerifyPrepare')
  return createKeyTables({
    places: Array.from({ length: keyTablesMax }, (_, slot) => slot),
    usesBeforeTable,
    usesBeforeEviction: USES_BEFORE_EVICTION,
    build(publicKey, slot) {
      bytes.set(publicKey, parametersAt)
      // It cannot be built for a key with a part of small order: node:crypto has that for good.
      return buildTable(slot) === 1
    },
  })
}

type VerifyOne = (entry: Entry, message: Uint8Array, signature: Uint8Array) => boolean

function createVerifyOne(instance: WasmInstance, tables: KeyTables): VerifyOne {
  const { bytes, messagesAt, messageBytesMax, parametersAt } = instance
  const verifySlot = instance.entry('edVerify')
  const isSignatureSound = instance.entry('edSignatureIsSound')
  return (entry, message, signature) => {
    if (signature.length !== SIGNATURE_BYTES) return false
    const slot = message.length > messageBytesMax ? -1 : tables.placeOf(entry.holder)
    // After placeOf: building a table writes the key where the signature belongs.
    bytes.set(signature, parametersAt)
    if (slot === -1) {
      return isSignatureSound() === 1 && verify(null, message, keyObjectOf(entry), signature)
    }
    bytes.set(message, messagesAt)
    return verifySlot(slot, message.length) === 1
  }
}

interface Asked {
  readonly entry: Entry
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

function createVerifyBatch(
  instance: WasmInstance,
  tables: KeyTables,
  verifyOne: VerifyOne,
): (asked: readonly Asked[]) => boolean[] {
  const { bytes, messagesAt, messageStride, messageBytesMax, parametersAt } = instance
  const verifySlots = instance.entry('edVerifyMany')
  const slotsAt = parametersAt + BATCH_MAX * SIGNATURE_BYTES
  const lengthsAt = slotsAt + BATCH_MAX * 4
  return (asked) => {
    // All tables first: making one may take another's place, and then its key has none.
    for (const { entry } of asked) tables.placeOf(entry.holder)
    const isBatched = asked.map(
      ({ entry, message, signature }) =>
        entry.holder.place !== -1 &&
        message.length <= messageBytesMax &&
        signature.length === SIGNATURE_BYTES,
    )
    let count = 0
    asked.forEach(({ entry, message, signature }, index) => {
      if (!isBatched[index]) return
      bytes.set(message, messagesAt + count * messageStride)
      bytes.set(signature, parametersAt + count * SIGNATURE_BYTES)
      bytes.writeUInt32LE(entry.holder.place, slotsAt + 4 * count)
      bytes.writeUInt32LE(message.length, lengthsAt + 4 * count)
      count++
    })
    const good = count === 0 ? 0 : verifySlots(count)
    let place = 0
    return asked.map(({ entry, message, signature }, index) =>
      isBatched[index] ? ((good >>> place++) & 1) === 1 : verifyOne(entry, message, signature),
    )
  }
}

function keyObjectOf(entry: Entry): KeyObject {
  entry.keyObject ??= createPublicKey({
    key: Buffer.concat([SPKI_HEAD, entry.holder.publicKey]),
    format: 'der',
    type: 'spki',
  })
  return entry.keyObject
}
