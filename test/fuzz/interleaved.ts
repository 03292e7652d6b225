import { createHmac, hash, sign } from 'node:crypto'
import { blake3 } from '@noble/hashes/blake3.js'
import { createBase64url } from '../../src/crypto/base64url.ts'
import { createBlakeKeys } from '../../src/crypto/blake.ts'
import { createDigests } from '../../src/crypto/digest.ts'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createEd25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import { createP256Signers } from '../../src/crypto/p256.ts'
import { createP256Keys } from '../../src/crypto/p256-verifier.ts'
import type { Claims } from '../../src/crypto/stamp.ts'
import type { WasmInstance } from '../../src/crypto/wasm.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { isValidByNode, keyPairOf, signByNode } from '../crypto/p256-fixture.ts'
import type { Dice } from './dice.ts'
import { createDice } from './dice.ts'
import { privateKeyOf, publicBytesOf } from './node-keys.ts'
import { drawSecret } from './p256.ts'
import { target } from './target.ts'

const STEPS_PER_CASE = 64
const TABLES_BYTES_MAX = 2 << 20
/** Beyond what is said of parameters, none is ever written. */
const PARAMETERS_BYTES = 16_384
const HEAD = `${Buffer.from('{"alg":"EdDSA","kid":"k","typ":"JWT"}').toString('base64url')}.`
/** More than an instance keeps, so that some are made again. */
const SHARED = Array.from({ length: 12 }, (_, at) => `{"iss":"dvara","aud":["${'x'.repeat(at)}"]`)

/** One call of an export by way of the sources; whether its answer is right. */
type Step = (dice: Dice) => boolean

type World = ReturnType<typeof createWorld>

/**
 * Instances as a process has them: one for secrets, and one for each curve's public keys, whose
 * tables would otherwise lie in the same room.
 */
function createWorld() {
  const secret = createWasmInstance()
  const openEd = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
  const openP256 = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
  const all = [secret, openEd, openP256]
  return {
    secret,
    all,
    edSigners: createEd25519Signers(secret),
    edKeys: createEd25519Keys(openEd, { usesBeforeTable: 2 }),
    p256Signers: createP256Signers(secret, { nonce: 'deterministic' }),
    p256Keys: createP256Keys(openP256, { usesBeforeTable: 2 }),
    hmacKeys: createHmacKeys(secret),
    blakeKeys: createBlakeKeys(secret),
    digests: all.map(createDigests),
    base64urls: all.map(createBase64url),
  }
}

function equal(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && Buffer.compare(left, right) === 0
}

function messageOf(dice: Dice): Buffer {
  return dice.bytes(dice.length(300))
}

function drawClaims(dice: Dice): Claims[] {
  return Array.from({ length: 1 + dice.below(6) }, () => ({
    shared: dice.pick(SHARED),
    own: `,"jti":"${dice.below(1e9)}"}`,
  }))
}

/** What is prepared for one case, the steps it can take, and how it is forgotten. */
interface Prepared {
  readonly steps: readonly Step[]
  forget(): void
}

function prepareEd25519(world: World, dice: Dice): Prepared {
  const seed = dice.bytes(32)
  const privateKey = privateKeyOf(seed)
  const signer = world.edSigners.prepare(seed)
  const tokens = signer.prepareTokens(HEAD)
  const key = world.edKeys.prepare(publicBytesOf(privateKey))
  const tokenOf = ({ shared, own }: Claims) => {
    const input = HEAD + Buffer.from(shared + own).toString('base64url')
    return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`
  }
  const steps: Step[] = [
    (now) => {
      const message = messageOf(now)
      return equal(sign(null, message, privateKey), signer.sign(message))
    },
    (now) => {
      const messages = Array.from({ length: 1 + now.below(16) }, () => messageOf(now))
      const made = signer.signMany(messages)
      return messages.every((each, at) => equal(sign(null, each, privateKey), made[at]))
    },
    (now) => {
      const claims = drawClaims(now)
      const made = tokens.signMany(claims)
      return claims.every((each, at) => made[at] === tokenOf(each))
    },
    (now) => {
      const message = messageOf(now)
      const signature = sign(null, message, privateKey)
      const isGood = now.once(2)
      const at = now.below(64)
      if (!isGood) signature[at] = (signature[at] as number) ^ (1 << now.below(8))
      return key?.verify(message, signature) === isGood
    },
  ]
  const forget = () => [tokens, signer, key].forEach((each) => void each?.forget())
  return { steps, forget }
}

function prepareP256(world: World, dice: Dice): Prepared {
  const pair = keyPairOf(drawSecret(dice))
  const signer = world.p256Signers.prepare(pair.secret)
  const tokens = signer.prepareTokens(HEAD)
  const key = world.p256Keys.prepare(pair.point)
  const steps: Step[] = [
    (now) => {
      const message = messageOf(now)
      const signature = signer.sign(message)
      return isValidByNode(pair, message, signature) && equal(signature, signer.sign(message))
    },
    (now) => {
      const messages = Array.from({ length: 1 + now.below(16) }, () => messageOf(now))
      const made = signer.signMany(messages)
      return made.every((each, at) => equal(signer.sign(messages[at] as Buffer), each))
    },
    (now) => {
      const claims = drawClaims(now)
      const made = tokens.signMany(claims)
      // Nonces are deterministic here: what is signed has one signature.
      return claims.every(({ shared, own }, at) => {
        const input = HEAD + Buffer.from(shared + own).toString('base64url')
        const signature = Buffer.from(signer.sign(Buffer.from(input))).toString('base64url')
        return made[at] === `${input}.${signature}`
      })
    },
    (now) => {
      const message = messageOf(now)
      const signature = signByNode(pair, message)
      if (now.once(2)) return key?.verify(message, signature) === true
      signature[now.below(64)] = now.below(256)
      return key?.verify(message, signature) === isValidByNode(pair, message, signature)
    },
  ]
  const forget = () => [tokens, signer, key].forEach((each) => void each?.forget())
  return { steps, forget }
}

function prepareMacs(world: World, dice: Dice): Prepared {
  const [hmacSecret, blakeSecret] = [dice.bytes(dice.length(100)), dice.bytes(32)]
  const hmac = world.hmacKeys.prepare(hmacSecret)
  const blake = world.blakeKeys.prepare(blakeSecret)
  const steps: Step[] = [
    (now) => {
      const message = messageOf(now)
      const mac = createHmac('sha256', hmacSecret).update(message).digest()
      const right = now.once(2)
      const at = now.below(32)
      if (!right) mac[at] = (mac[at] as number) ^ (1 << now.below(8))
      return (
        hmac.verifyHex(message, mac.toString('hex')) === right &&
        hmac.verify(message, mac) === right
      )
    },
    (now) => {
      const message = now.bytes(now.below(65))
      return equal(blake3(message, { key: blakeSecret }), blake.sign(message))
    },
  ]
  const forget = () => [hmac, blake].forEach((each) => void each.forget())
  return { steps, forget }
}

/** Steps without a key, and such as leave something behind. */
function stepsOf(world: World): Step[] {
  return [
    (now) => {
      const message = messageOf(now)
      return equal(hash('sha256', message, 'buffer'), now.pick(world.digests).sha256(message))
    },
    (now) => {
      const message = messageOf(now)
      return equal(hash('sha512', message, 'buffer'), now.pick(world.digests).sha512(message))
    },
    (now) => {
      const bytes = messageOf(now)
      const text = bytes.toString('base64url')
      const base64url = now.pick(world.base64urls)
      return base64url.encode(bytes) === text && equal(bytes, base64url.parse(text))
    },
    // What lay where inputs and answers go may have no part in the next answer.
    (now) => litter(now.pick(world.all), now.below(256)),
    (now) => refuses(() => now.pick(world.digests).sha256(Buffer.alloc(1 << 20))),
  ]
}

function litter(instance: WasmInstance, byte: number): boolean {
  const { bytes, messagesAt, parametersAt } = instance
  bytes.fill(byte, messagesAt - 64, parametersAt + PARAMETERS_BYTES)
  return true
}

function refuses(call: () => unknown): boolean {
  try {
    call()
    return false
  } catch (cause) {
    return cause instanceof RangeError
  }
}

/** Where two states of the secret memory differ outside inputs and answers, or -1. */
function differsAt({ messagesAt, parametersAt, bytes }: WasmInstance, before: Buffer): number {
  const publicFrom = messagesAt - 64
  const publicTo = parametersAt + PARAMETERS_BYTES
  const isSame =
    bytes.subarray(0, publicFrom).equals(before.subarray(0, publicFrom)) &&
    bytes.subarray(publicTo).equals(before.subarray(publicTo))
  if (isSame) return -1
  return before.findIndex((byte, at) => (at < publicFrom || at >= publicTo) && byte !== bytes[at])
}

type InterleavedCase = { seed: string; isSearched: boolean }

export const interleavedTarget = target<InterleavedCase>({
  name: 'interleaved',
  about: 'calls of every kind in random order on every instance; forgotten keys leave no trace',
  share: 3,
  start() {
    const world = createWorld()
    let before: Buffer | undefined
    return {
      draw: (dice) => ({ seed: dice.bytes(16).toString('hex'), isSearched: dice.once(2) }),
      inputsOf: () => STEPS_PER_CASE,
      judge({ seed, isSearched }) {
        const dice = createDice(seed)
        const kinds = [prepareEd25519, prepareP256, prepareMacs]
        const prepared = [...kinds, ...kinds].map((prepare) => prepare(world, dice))
        const steps = [...prepared.flatMap((each) => each.steps), ...stepsOf(world)]
        let wrong = -1
        for (let at = 0; at < STEPS_PER_CASE && wrong === -1; at++) {
          if (!dice.pick(steps)(dice)) wrong = at
        }
        for (const each of prepared) each.forget()
        if (wrong !== -1) return `step ${wrong}`
        // The first case lays down what stays: constants, and the beginning of tokens.
        before ??= Buffer.from(world.secret.bytes)
        const differs = isSearched ? differsAt(world.secret, before) : -1
        return differs === -1 ? undefined : `a trace of a forgotten key at ${differs}`
      },
    }
  },
})
