import type { KeyObject } from 'node:crypto'
import { sign, verify } from 'node:crypto'
import { BATCH_MAX, createEd25519Signers } from '../../src/crypto/ed25519.ts'
import type { Ed25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import { createEd25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Dice } from './dice.ts'
import { createDice } from './dice.ts'
import type { Signed } from './ed25519-points.ts'
import {
  createKnownKeys,
  forge,
  fromLittleEndian,
  isRefusedByRuleAlone,
  littleEndian,
  ORDER,
  SMALL_ORDER_LIST,
} from './ed25519-points.ts'
import { privateKeyOf, publicBytesOf, publicKeyOf } from './node-keys.ts'
import { target } from './target.ts'

const MESSAGE_BYTES_MAX = 400
const ITEMS_PER_KEY = 48
const TABLES_BYTES_MAX = 1 << 20

type SignCase = { seed: Buffer; messages: Buffer[] }

export const ed25519SignTarget = target<SignCase>({
  name: 'ed25519-sign',
  about: 'Ed25519 signatures, alone and in batches, byte for byte those of node:crypto',
  share: 4,
  start() {
    const signers = createEd25519Signers(createWasmInstance())
    return {
      draw: (dice) => ({
        seed: dice.bytes(32),
        messages: Array.from({ length: 1 + dice.below(BATCH_MAX) }, () =>
          dice.bytes(dice.length(MESSAGE_BYTES_MAX)),
        ),
      }),
      inputsOf: ({ messages }) => messages.length,
      judge({ seed, messages }) {
        const privateKey = privateKeyOf(seed)
        const signer = signers.prepare(seed)
        try {
          if (!publicBytesOf(privateKey).equals(signer.publicKey)) return 'the public key'
          const batch = signer.signMany(messages)
          for (const [index, message] of messages.entries()) {
            const expected = sign(null, message, privateKey)
            if (!expected.equals(signer.sign(message))) return `message ${index} alone`
            const together = batch[index]
            if (together === undefined || !expected.equals(together)) return `message ${index}`
          }
        } finally {
          signer.forget()
        }
        return undefined
      },
    }
  },
})

/** Makes what a good signature is into something else, or leaves it. */
const SPOILS: readonly ((dice: Dice, good: Signed) => Signed)[] = [
  (_, good) => good,
  (dice, { message, signature }) => ({ message, signature: turned(dice, signature) }),
  (dice, { message, signature }) => ({ message: turned(dice, message), signature }),
  (_, good) => withS(good, (s) => s + ORDER),
  (_, good) => withS(good, (s) => ORDER - s),
  (dice, good) => withS(good, (s) => s | (1n << BigInt(252 + dice.below(4)))),
  (dice, good) => withS(good, () => dice.pick([0n, 1n, ORDER - 1n, ORDER, 2n ** 256n - 1n])),
  (dice, { message, signature }) => ({
    message,
    signature: Buffer.concat([dice.pick(SMALL_ORDER_LIST), signature.subarray(32)]),
  }),
  (dice, { message, signature }) => ({ message, signature: resized(dice, signature) }),
  (dice, { message }) => ({ message, signature: dice.bytes(64) }),
]

function turned(dice: Dice, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const at = dice.below(copy.length)
  if (copy.length > 0) copy[at] = (copy[at] as number) ^ (1 << dice.below(8))
  return copy
}

function withS({ message, signature }: Signed, change: (s: bigint) => bigint): Signed {
  const s = change(fromLittleEndian(signature.subarray(32))) & (2n ** 256n - 1n)
  return { message, signature: Buffer.concat([signature.subarray(0, 32), littleEndian(s)]) }
}

function resized(dice: Dice, signature: Buffer): Buffer {
  const length = dice.pick([0, 1, 32, 63, 65, 96, 128])
  return Buffer.concat([signature, dice.bytes(64)]).subarray(0, length)
}

/** Signed messages of one key; about every other one is good. */
function drawSigned(dice: Dice, privateKey: KeyObject, count: number): Signed[] {
  return Array.from({ length: count }, () => {
    const message = dice.bytes(dice.length(MESSAGE_BYTES_MAX))
    const good = { message, signature: sign(null, message, privateKey) }
    const spoil = dice.once(2) ? dice.pick(SPOILS) : SPOILS[0]
    return spoil === undefined ? good : spoil(dice, good)
  })
}

/** node:crypto's verdict, but for where our rule is stricter. */
function expectedVerdict(publicKey: Buffer, key: KeyObject, item: Signed): boolean {
  const isGood = verify(null, item.message, key, item.signature)
  return isGood && !isRefusedByRuleAlone(publicKey, item.signature)
}

type VerifyCase = { publicKey: Buffer; hasTable: boolean; items: Signed[] }

/** Judges a key's items alone and in batches, by keys that have a table at once or never. */
function createVerifyJudge(): (input: VerifyCase) => string | undefined {
  const instance = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
  const withTables = createEd25519Keys(instance, { usesBeforeTable: 1 })
  const without = createEd25519Keys(createWasmInstance())
  return ({ publicKey, hasTable, items }) => {
    const keyObject = publicKeyOf(publicKey)
    const expected = items.map((item) => expectedVerdict(publicKey, keyObject, item))
    return judgeVerdicts(hasTable ? withTables : without, publicKey, items, expected)
  }
}

function judgeVerdicts(
  keys: Ed25519Keys,
  publicKey: Buffer,
  items: readonly Signed[],
  expected: readonly boolean[],
): string | undefined {
  const key = keys.prepare(publicKey)
  if (key === undefined) {
    return expected.includes(true) ? 'a key by which something is valid is refused' : undefined
  }
  try {
    for (let from = 0; from < items.length; from += BATCH_MAX) {
      const part = items.slice(from, from + BATCH_MAX)
      const together = keys.verifyMany(part.map((item) => ({ ...item, key })))
      for (const [index, { message, signature }] of part.entries()) {
        const right = expected[from + index]
        if (key.verify(message, signature) !== right) return `item ${from + index} is ${!right}`
        if (together[index] !== right) return `item ${from + index} in a batch is ${!right}`
      }
    }
  } finally {
    key.forget()
  }
  return undefined
}

export const ed25519VerifyTarget = target<VerifyCase>({
  name: 'ed25519-verify',
  about: 'Ed25519 verdicts on good, altered and malformed signatures against node:crypto',
  share: 3,
  start: () => ({
    draw(dice) {
      const privateKey = privateKeyOf(dice.bytes(32))
      const own = publicBytesOf(privateKey)
      const publicKey = dice.once(16) ? turned(dice, own) : own
      const hasTable = !dice.once(8)
      return { publicKey, hasTable, items: drawSigned(dice, privateKey, ITEMS_PER_KEY) }
    },
    inputsOf: ({ items }) => items.length,
    judge: createVerifyJudge(),
  }),
})

export const ed25519ForgedTarget = target<VerifyCase>({
  name: 'ed25519-forged',
  about: 'signatures by keys and nonces with a part of small order, against node:crypto',
  share: 1,
  start() {
    const known = createKnownKeys(createDice('keys known to both sides'), 24)
    return {
      draw: (dice) => ({ hasTable: !dice.once(8), ...forge(dice, known, ITEMS_PER_KEY) }),
      inputsOf: ({ items }) => items.length,
      judge: createVerifyJudge(),
    }
  },
})

type PoisonedCase = { keys: Buffer[]; poisoned: number[]; items: { key: number; signed: Signed }[] }

export const ed25519PoisonedTarget = target<PoisonedCase>({
  name: 'ed25519-poisoned',
  about: 'batches in which a few members are bad: the others stay good',
  share: 1,
  start() {
    const instance = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
    const keys = createEd25519Keys(instance, { usesBeforeTable: 1 })
    return { draw: drawPoisoned, inputsOf: ({ items }) => items.length, judge }

    function judge({ keys: publicKeys, poisoned, items }: PoisonedCase): string | undefined {
      const prepared = publicKeys.map((publicKey) => keys.prepare(publicKey))
      const asked = items.flatMap(({ key: at, signed }) => {
        const key = prepared[at]
        return key === undefined ? [] : [{ key, ...signed }]
      })
      if (asked.length < items.length) return 'a good key is refused'
      const verdicts = keys.verifyMany(asked)
      for (const key of prepared) key?.forget()
      const wrong = verdicts.findIndex((isGood, index) => {
        const { key, signed } = items[index] as PoisonedCase['items'][number]
        if (!poisoned.includes(index)) return !isGood
        const publicKey = publicKeys[key] as Buffer
        return isGood !== expectedVerdict(publicKey, publicKeyOf(publicKey), signed)
      })
      return wrong === -1 ? undefined : `member ${wrong}, poisoned: ${poisoned.join()}`
    }
  },
})

function drawPoisoned(dice: Dice): PoisonedCase {
  const privateKeys = Array.from({ length: 1 + dice.below(3) }, () => privateKeyOf(dice.bytes(32)))
  const count = 2 + dice.below(BATCH_MAX - 1)
  const poisoned = Array.from({ length: 1 + dice.below(4) }, () => dice.below(count))
  const items = Array.from({ length: count }, (_, index) => {
    const key = dice.below(privateKeys.length)
    const message = dice.bytes(dice.below(200))
    const good = { message, signature: sign(null, message, privateKeys[key] as KeyObject) }
    const signed = poisoned.includes(index) ? dice.pick(SPOILS.slice(1))(dice, good) : good
    return { key, signed }
  })
  return { keys: privateKeys.map(publicBytesOf), poisoned, items }
}
