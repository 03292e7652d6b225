import { createHmac, hash } from 'node:crypto'
import { blake3 } from '@noble/hashes/blake3.js'
import { createBase64url } from '../../src/crypto/base64url.ts'
import { BLAKE_MESSAGE_BYTES_MAX, createBlakeKeys } from '../../src/crypto/blake.ts'
import { createDigests } from '../../src/crypto/digest.ts'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Dice } from './dice.ts'
import { target } from './target.ts'

/** Beyond any message of ours, and some of these much longer. */
const MESSAGE_BYTES_MAX = 300
const LONG_BYTES_MAX = 20_000
const MESSAGES_PER_KEY = 16

function drawMessage(dice: Dice): Buffer {
  return dice.bytes(dice.length(dice.once(500) ? LONG_BYTES_MAX : MESSAGE_BYTES_MAX))
}

function digestTarget(name: 'sha256' | 'sha512', share: number) {
  return target<{ message: Buffer }>({
    name,
    about: `${name === 'sha256' ? 'SHA-256' : 'SHA-512'} against node:crypto`,
    share,
    start() {
      const digests = createDigests(createWasmInstance())
      return {
        draw: (dice) => ({ message: drawMessage(dice) }),
        judge: ({ message }) =>
          hash(name, message, 'buffer').equals(digests[name](message)) ? undefined : 'the digest',
      }
    },
  })
}

/** A MAC with one bit turned. */
function altered(mac: Buffer, bit: number): Buffer {
  const copy = Buffer.from(mac)
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}

type MacCase = { key: Buffer; items: { message: Buffer; bit: number }[] }

function drawMacCase(dice: Dice, keyBytes: number, message: () => Buffer): MacCase {
  const items = Array.from({ length: MESSAGES_PER_KEY }, () => ({
    message: message(),
    bit: dice.below(256),
  }))
  return { key: dice.bytes(keyBytes), items }
}

const hmacTarget = target<MacCase>({
  name: 'hmac',
  about: 'HMAC-SHA-256, signed and verified, against node:crypto',
  share: 20,
  start() {
    const keys = createHmacKeys(createWasmInstance())
    return {
      draw: (dice) => drawMacCase(dice, dice.length(140), () => drawMessage(dice)),
      inputsOf: ({ items }) => items.length,
      judge({ key, items }) {
        const prepared = keys.prepare(key)
        try {
          for (const { message, bit } of items) {
            const mac = createHmac('sha256', key).update(message).digest()
            const wrong = altered(mac, bit)
            if (!mac.equals(prepared.sign(message))) return 'the MAC'
            if (!prepared.verify(message, mac)) return 'a good MAC is refused'
            if (!prepared.verifyHex(message, mac.toString('hex'))) return 'good hex is refused'
            if (prepared.verify(message, wrong)) return 'an altered MAC passes'
            if (prepared.verifyHex(message, wrong.toString('hex'))) return 'altered hex passes'
          }
        } finally {
          prepared.forget()
        }
        return undefined
      },
    }
  },
})

const blakeTarget = target<MacCase>({
  name: 'blake3',
  about: 'keyed BLAKE3 of one block, signed and verified, against @noble/hashes',
  share: 16,
  start() {
    const keys = createBlakeKeys(createWasmInstance())
    const messageOf = (dice: Dice) => dice.bytes(dice.below(BLAKE_MESSAGE_BYTES_MAX + 1))
    return {
      draw: (dice) => drawMacCase(dice, 32, () => messageOf(dice)),
      inputsOf: ({ items }) => items.length,
      judge({ key, items }) {
        const prepared = keys.prepare(key)
        try {
          for (const { message, bit } of items) {
            const mac = Buffer.from(blake3(message, { key }))
            const wrong = altered(mac, bit)
            if (!mac.equals(prepared.sign(message))) return 'the MAC'
            if (prepared.signText(message) !== mac.toString('base64url')) return 'the text'
            if (!prepared.verifyText(message, mac.toString('base64url'))) return 'good is refused'
            if (prepared.verify(message, wrong)) return 'an altered MAC passes'
            if (prepared.verifyText(message, wrong.toString('base64url'))) return 'altered passes'
          }
        } finally {
          prepared.forget()
        }
        return undefined
      },
    }
  },
})

/** What node makes of text, if the text is how node would write it. */
function canonicalBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

const base64urlTarget = target<{ bytes: Buffer; at: number; letter: number }>({
  name: 'base64url',
  about: 'base64url written, read, and read with one character altered, against Buffer',
  share: 28,
  start() {
    const base64url = createBase64url(createWasmInstance())
    return {
      draw: (dice) => ({
        bytes: dice.bytes(dice.length(160)),
        at: dice.below(300),
        letter: dice.once(2) ? dice.below(0x80) : dice.below(0x300),
      }),
      judge({ bytes, at, letter }) {
        const text = bytes.toString('base64url')
        if (base64url.encode(bytes) !== text) return 'the text'
        const read = base64url.parse(text)
        if (read === undefined || !bytes.equals(read)) return 'the bytes'
        const place = at % (text.length + 1)
        const other = text.slice(0, place) + String.fromCharCode(letter) + text.slice(place + 1)
        const expected = canonicalBytes(other)
        const found = base64url.parse(other)
        const isSame =
          expected === undefined ? found === undefined : found && expected.equals(found)
        return isSame ? undefined : `what ${JSON.stringify(other)} stands for`
      },
    }
  },
})

export const HASH_TARGETS = [
  digestTarget('sha256', 22),
  digestTarget('sha512', 14),
  hmacTarget,
  blakeTarget,
  base64urlTarget,
]
