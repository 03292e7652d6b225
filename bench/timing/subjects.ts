import { randomBytes } from 'node:crypto'
import { createBlakeKeys } from '../../src/crypto/blake.ts'
import type { Ed25519Signer } from '../../src/crypto/ed25519.ts'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import type { P256Signer } from '../../src/crypto/p256.ts'
import { createP256Signers } from '../../src/crypto/p256.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Subject } from './dudect.ts'

/** Inputs of either class; as many of both, so that neither is warmer in a cache. */
const INPUTS = 32
/** Keys have slots, of which there are not so many. */
const KEYS = 8
const BATCH = 16
const MESSAGE_BYTES = 343
const KEY_BYTES = 32
const SIGN_SAMPLES = 20_000
const BATCH_SAMPLES = 4_000
const MAC_SAMPLES = 100_000

type Pair<Input> = readonly [readonly Input[], readonly Input[]]

/** The same input over and over in places of its own, beside inputs that all differ. */
function pairOf<Input>(count: number, fixed: () => Input, random: () => Input): Pair<Input> {
  return [Array.from({ length: count }, fixed), Array.from({ length: count }, random)]
}

function pick<Input>(pair: Pair<Input>, klass: 0 | 1, turn: number): Input {
  const inputs = pair[klass]
  return inputs[turn % inputs.length] as Input
}

const randomMessage = () => new Uint8Array(randomBytes(MESSAGE_BYTES))

function messagePair(count: number): Pair<Uint8Array> {
  const message = randomMessage()
  return pairOf(count, () => Uint8Array.from(message), randomMessage)
}

interface Signer {
  sign(message: Uint8Array): unknown
  signMany(messages: readonly Uint8Array[]): unknown
}

/** The nonce is the secret here: of one key, always the same message's or ever another's. */
function nonceSubjects(name: string, prepareSigner: () => Signer): Subject[] {
  return [
    {
      name: `${name} sign, single, one nonce or any`,
      samples: SIGN_SAMPLES,
      prepare() {
        const signer = prepareSigner()
        const messages = messagePair(INPUTS)
        return (klass, turn) => signer.sign(pick(messages, klass, turn))
      },
    },
    {
      name: `${name} sign, batch ${BATCH}, one nonce or any`,
      samples: BATCH_SAMPLES,
      prepare() {
        const signer = prepareSigner()
        const [fixed, random] = messagePair(INPUTS * BATCH)
        const batches = (all: readonly Uint8Array[]) =>
          Array.from({ length: INPUTS }, (_, at) => all.slice(at * BATCH, (at + 1) * BATCH))
        const pair: Pair<readonly Uint8Array[]> = [batches(fixed), batches(random)]
        return (klass, turn) => signer.signMany(pick(pair, klass, turn))
      },
    },
  ]
}

function keySubject(
  name: string,
  fixedKey: Uint8Array,
  prepareSigner: () => (key: Uint8Array) => Signer,
): Subject {
  return {
    name,
    samples: SIGN_SAMPLES,
    prepare() {
      const prepareKey = prepareSigner()
      const signers = pairOf(
        KEYS,
        () => prepareKey(fixedKey),
        () => prepareKey(randomBytes(KEY_BYTES)),
      )
      const message = randomMessage()
      return (klass, turn) => pick(signers, klass, turn).sign(message)
    },
  }
}

function prepareEd25519(): (seed: Uint8Array) => Ed25519Signer {
  return createEd25519Signers(createWasmInstance()).prepare
}

/** Deterministic: then one message has one nonce. */
function prepareP256(): (key: Uint8Array) => P256Signer {
  return createP256Signers(createWasmInstance(), { nonce: 'deterministic' }).prepare
}

/** The key with the fewest bits there is: where leading zeros save work, it shows. */
function smallestKey(): Uint8Array {
  const key = new Uint8Array(KEY_BYTES)
  key[KEY_BYTES - 1] = 1
  return key
}

/** Wrong at the first place or at the last: what stops early is quicker on the first. */
function wrongTexts(text: string): Pair<string> {
  const other = (digit: string) => (digit === '0' ? '1' : '0')
  const first = () => Buffer.from(other(text[0] ?? '') + text.slice(1)).toString('latin1')
  // The last digit of base64url holds padding bits; the one before it holds none.
  const last = () => {
    const at = text.length - 2
    return Buffer.from(text.slice(0, at) + other(text[at] ?? '') + text.slice(at + 1)).toString(
      'latin1',
    )
  }
  return pairOf(INPUTS, first, last)
}

function wrongBytes(mac: Uint8Array): Pair<Uint8Array> {
  const wrongAt = (at: number) => () =>
    Uint8Array.from(mac, (byte, index) => (index === at ? byte ^ 1 : byte))
  return pairOf(INPUTS, wrongAt(0), wrongAt(mac.length - 1))
}

interface Mac {
  verify(message: string, mac: Uint8Array): boolean
  verifyText(message: string, mac: string): boolean
}

function comparisonSubjects(
  name: string,
  prepareMac: () => {
    key: Mac
    macText: (text: string) => string
    mac: (text: string) => Uint8Array
  },
): Subject[] {
  const text = () => randomBytes(KEY_BYTES).toString('base64url')
  return [
    {
      name: `${name} verify, text wrong at first or at last`,
      samples: MAC_SAMPLES,
      prepare() {
        const { key, macText } = prepareMac()
        const message = text()
        const pair = wrongTexts(macText(message))
        return (klass, turn) => key.verifyText(message, pick(pair, klass, turn))
      },
    },
    {
      name: `${name} verify, bytes wrong at first or at last`,
      samples: MAC_SAMPLES,
      prepare() {
        const { key, mac } = prepareMac()
        const message = text()
        const pair = wrongBytes(mac(message))
        return (klass, turn) => key.verify(message, pick(pair, klass, turn))
      },
    },
  ]
}

function prepareHmac() {
  const key = createHmacKeys(createWasmInstance()).prepare(randomBytes(KEY_BYTES))
  return {
    key: {
      verify: key.verify,
      verifyText: key.verifyHex,
    },
    mac: (text: string) => key.sign(text),
    macText: (text: string) => Buffer.from(key.sign(text)).toString('hex'),
  }
}

function prepareBlake() {
  const key = createBlakeKeys(createWasmInstance()).prepare(randomBytes(KEY_BYTES))
  return {
    key,
    mac: (text: string) => key.sign(text),
    macText: (text: string) => key.signText(text),
  }
}

/** Every function that handles a secret. */
export const SUBJECTS: readonly Subject[] = [
  ...nonceSubjects('EdDSA', () => prepareEd25519()(randomBytes(KEY_BYTES))),
  keySubject('EdDSA sign, single, one seed or any', new Uint8Array(KEY_BYTES), prepareEd25519),
  ...nonceSubjects('ES256', () => prepareP256()(randomBytes(KEY_BYTES))),
  keySubject('ES256 sign, single, smallest key or any', smallestKey(), prepareP256),
  ...comparisonSubjects('HMAC-SHA-256', prepareHmac),
  ...comparisonSubjects('keyed BLAKE3', prepareBlake),
]

/** Compares as one must not, so that the instrument proves in every run that it can see. */
export const CONTROL: Subject = {
  name: 'control: a comparison that stops at the first difference',
  samples: MAC_SAMPLES,
  prepare() {
    const right = randomBytes(KEY_BYTES).toString('hex')
    const pair = wrongTexts(right)
    return (klass, turn) => isSameStoppingEarly(right, pick(pair, klass, turn))
  },
}

function isSameStoppingEarly(left: string, right: string): boolean {
  for (let at = 0; at < left.length; at++) {
    if (left.charCodeAt(at) !== right.charCodeAt(at)) return false
  }
  return true
}
