import { BATCH_MAX, faultyArithmetic } from './ed25519.ts'
import type { WasmInstance } from './wasm.ts'
import { slotsOf, writeInto } from './wasm.ts'

/** RFC 6750 §2.1 */
const BEARER = Buffer.from('Bearer ', 'latin1')

/** Below this many, one after another is quicker. */
const BATCH_MIN = 4

/** A prepared beginning of tokens: what follows is encoded and signed where it lies. */
export interface TokenHead {
  /**
   * The compact JWS whose claims are the prepared ones followed by `claims`, the rest of their
   * JSON. Throws a RangeError beyond 2,560 bytes of it, and an Error when the signature failed
   * its check.
   */
  sign(claims: string): string
  /** As `sign`, as a header carries it: `Bearer ` before it, in memory of its own. */
  signBearer(claims: string): Uint8Array<ArrayBuffer>
  /** As `sign` for up to sixteen; `undefined` where a signature failed its check. */
  signMany(claims: readonly string[]): (string | undefined)[]
  /** As `signMany`, as headers carry them. */
  signBearers(claims: readonly string[]): (Uint8Array<ArrayBuffer> | undefined)[]
  /** Gives the room back; the head may not be used again. */
  forget(): void
}

/** Where a token lies until the next call. */
interface Found {
  readonly at: number
  readonly length: number
}

/** Beginnings of tokens for the signing keys of one instance. */
export function createTokenHeads(instance: WasmInstance): {
  /**
   * `text` is the encoded header with its dot; `claims` is what the JSON of all claims begins
   * with, or nothing. Throws a RangeError when they are too long together or every slot is taken.
   */
  prepare(key: number, head: { text: string; claims: string }): TokenHead
} {
  const { bytes, parametersAt } = instance
  const prepareHead = instance.entry('jwtPrepare')
  const textBytesMax = instance.entry('jwtTextBytesMax')()
  const slots = slotsOf(instance, 'beginnings of tokens', 'jwtHeadsMax')

  return {
    prepare(key, { text, claims }) {
      const encodedBytes = Buffer.byteLength(text) + Math.ceil((Buffer.byteLength(claims) * 4) / 3)
      if (encodedBytes > textBytesMax) {
        throw new RangeError(`A token's beginning longer than ${textBytesMax} bytes.`)
      }
      const slot = slots.take()
      const place = bytes.subarray(parametersAt, parametersAt + textBytesMax)
      const textBytes = writeInto(place, 'A header', text)
      const claimsBytes = writeInto(place.subarray(textBytes), 'Claims', claims)
      prepareHead(slot, textBytes, claimsBytes)
      return { ...createMinting(instance, slot, key), forget: () => slots.release(slot) }
    },
  }
}

function createMinting(
  instance: WasmInstance,
  head: number,
  key: number,
): Omit<TokenHead, 'forget'> {
  const { bytes, messagesAt } = instance
  const signToken = instance.entry('jwtEdSign')
  const places = claimsPlaces(instance)
  const findMany = createFindMany(instance, head, key, places)
  const toText = ({ at, length }: Found) => bytes.toString('latin1', at, at + length)
  const toBearer = ({ at, length }: Found) => {
    const bearer = new Uint8Array(BEARER.length + length)
    bearer.set(BEARER)
    bearer.set(bytes.subarray(at, at + length), BEARER.length)
    return bearer
  }

  function findOne(claims: string): Found {
    const claimsBytes = writeInto(places[0] as Uint8Array, 'Claims', claims)
    const length = signToken(head, key, claimsBytes)
    if (length === 0) throw faultyArithmetic()
    return { at: messagesAt, length }
  }

  function signEach<Token>(
    claims: readonly string[],
    read: (found: Found) => Token,
  ): (Token | undefined)[] {
    if (claims.length > BATCH_MAX) throw new RangeError(`More than ${BATCH_MAX} tokens.`)
    if (claims.length < BATCH_MIN) return claims.map((each) => read(findOne(each)))
    return findMany(claims).map((found) => (found === undefined ? undefined : read(found)))
  }

  return {
    sign: (claims) => toText(findOne(claims)),
    signBearer: (claims) => toBearer(findOne(claims)),
    signMany: (claims) => signEach(claims, toText),
    signBearers: (claims) => signEach(claims, toBearer),
  }
}

function createFindMany(
  instance: WasmInstance,
  head: number,
  key: number,
  places: readonly Uint8Array[],
): (claims: readonly string[]) => (Found | undefined)[] {
  const { bytes, messagesAt, messageStride, parametersAt } = instance
  const signTokens = instance.entry('jwtEdSignMany')
  return (claims) => {
    claims.forEach((each, index) => {
      const claimsBytes = writeInto(places[index] as Uint8Array, 'Claims', each)
      bytes.writeUInt32LE(claimsBytes, parametersAt + 4 * index)
    })
    signTokens(head, key, claims.length)
    return claims.map((_, index) => {
      const length = bytes.readUInt32LE(parametersAt + 4 * index)
      return length === 0 ? undefined : { at: messagesAt + index * messageStride, length }
    })
  }
}

/** Where the claims of up to sixteen tokens wait. */
function claimsPlaces(instance: WasmInstance): Uint8Array[] {
  const claimsAt = instance.entry('jwtClaimsAt')()
  const claimsBytesMax = instance.entry('jwtClaimsBytesMax')()
  return Array.from({ length: BATCH_MAX }, (_, index) => {
    const at = claimsAt + index * instance.messageStride
    return instance.bytes.subarray(at, at + claimsBytesMax)
  })
}
