import { type Claims, MINT_MAX } from './stamp.ts'
import type { WasmInstance } from './wasm.ts'
import { faultyArithmetic, slotsOf, writeInto } from './wasm.ts'

/** RFC 6750 §2.1 */
const BEARER = Buffer.from('Bearer ', 'latin1')

/** Tokens of one signing key, put together and signed where the key is. */
export interface Tokens {
  /**
   * The compact JWS of these claims. Throws a RangeError beyond 2,560 bytes of `own` or some 1,000
   * of `shared`, and an Error when the signature failed its check.
   */
  sign(claims: Claims): string
  /** As `sign`, as a header carries it: `Bearer ` before it, in memory of its own. */
  signBearer(claims: Claims): Uint8Array<ArrayBuffer>
  /** As `sign` for up to sixteen; `undefined` where a signature failed its check. */
  signMany(claims: readonly Claims[]): (string | undefined)[]
  /** As `signMany`, as headers carry them. */
  signBearers(claims: readonly Claims[]): (Uint8Array<ArrayBuffer> | undefined)[]
  /** Gives the room back; the tokens may not be used again. */
  forget(): void
}

/** How a key signs what was put together: alone, or so many at once. */
export interface TokenSigning {
  /** The length of the token, 0 if its signature failed its check. */
  one(): number
  /** Leaves the lengths of all where the lengths of what they sign were. */
  many(count: number): void
  /** Below this many, one after another is quicker. */
  readonly manyMin: number
}

/** Where a token lies until the next call. */
interface Found {
  readonly at: number
  readonly length: number
}

/** Tokens for the signing keys of one instance. */
export function createTokens(instance: WasmInstance): {
  /**
   * `text` is the encoded header with its dot. Throws a RangeError when it is too long or there are
   * as many keys that sign tokens as there may be.
   */
  prepare(text: string, signing: TokenSigning): Tokens
} {
  const blocks = slotsOf(instance, 'keys that sign tokens', 'jwtKeysMax')
  const headsPerKey = instance.entry('jwtKeyHeadsMax')()
  const forgetHead = instance.entry('jwtForget')
  return {
    prepare(text, signing) {
      const block = blocks.take()
      const heads = Array.from({ length: headsPerKey }, (_, at) => block * headsPerKey + at)
      const beginnings = createBeginnings(instance, heads, text)
      try {
        beginnings.headOf('')
      } catch (cause) {
        blocks.release(block)
        throw cause
      }
      return {
        ...createMinting(instance, beginnings, signing),
        forget() {
          for (const head of heads) forgetHead(head)
          blocks.release(block)
        },
      }
    },
  }
}

interface Beginnings {
  /** The slot where a token's beginning is prepared; good until the next is asked for. */
  headOf(shared: string): number
}

/**
 * The beginnings that were used last, each encoded once. They change with the second and there is
 * one for each audience: a few slots see most tokens, and the oldest makes room for a new one.
 */
function createBeginnings(
  instance: WasmInstance,
  heads: readonly number[],
  text: string,
): Beginnings {
  const prepareHead = instance.entry('jwtPrepare')
  const textBytesMax = instance.entry('jwtTextBytesMax')()
  const at = instance.entry('jwtBeginningAt')()
  const place = instance.bytes.subarray(at, at + textBytesMax)
  const kept: string[] = []
  let next = 0
  let recent = 0

  function prepare(shared: string): number {
    const encodedBytes = Buffer.byteLength(text) + Math.ceil((Buffer.byteLength(shared) * 4) / 3)
    if (encodedBytes > textBytesMax) {
      throw new RangeError(`A token's beginning longer than ${textBytesMax} bytes.`)
    }
    const textBytes = writeInto(place, 'A header', text)
    const sharedBytes = writeInto(place.subarray(textBytes), 'Claims', shared)
    const index = next
    prepareHead(heads[index] as number, textBytes, sharedBytes)
    next = (next + 1) % heads.length
    kept[index] = shared
    return index
  }

  return {
    headOf(shared) {
      if (kept[recent] !== shared) {
        const known = kept.indexOf(shared)
        recent = known === -1 ? prepare(shared) : known
      }
      return heads[recent] as number
    },
  }
}

function createMinting(
  instance: WasmInstance,
  beginnings: Beginnings,
  signing: TokenSigning,
): Omit<Tokens, 'forget'> {
  const { bytes, messagesAt, messageStride, parametersAt } = instance
  const assemble = createAssemble(instance, beginnings)
  const toText = ({ at, length }: Found) => bytes.toString('latin1', at, at + length)
  const toBearer = ({ at, length }: Found) => {
    const bearer = new Uint8Array(BEARER.length + length)
    bearer.set(BEARER)
    bearer.set(bytes.subarray(at, at + length), BEARER.length)
    return bearer
  }

  function signAlone<Token>(claims: Claims, read: (found: Found) => Token): Token | undefined {
    assemble(claims, 0)
    const length = signing.one()
    return length === 0 ? undefined : read({ at: messagesAt, length })
  }

  function sign<Token>(claims: Claims, read: (found: Found) => Token): Token {
    const token = signAlone(claims, read)
    if (token === undefined) throw faultyArithmetic()
    return token
  }

  function signMany<Token>(
    claims: readonly Claims[],
    read: (found: Found) => Token,
  ): (Token | undefined)[] {
    if (claims.length > MINT_MAX) throw new RangeError(`More than ${MINT_MAX} tokens.`)
    if (claims.length < signing.manyMin) return claims.map((each) => signAlone(each, read))
    claims.forEach(assemble)
    signing.many(claims.length)
    const tokens = claims.map((_, index) => {
      const length = bytes.readUInt32LE(parametersAt + 4 * index)
      return length === 0 ? undefined : read({ at: messagesAt + index * messageStride, length })
    })
    // One alone has an inversion and, if hedged, random bytes of its own: nothing is used twice.
    return tokens.map((token, index) => token ?? signAlone(claims[index] as Claims, read))
  }

  return {
    sign: (claims) => sign(claims, toText),
    signBearer: (claims) => sign(claims, toBearer),
    signMany: (claims) => signMany(claims, toText),
    signBearers: (claims) => signMany(claims, toBearer),
  }
}

/** Puts together what is signed of one of up to sixteen tokens. */
function createAssemble(
  instance: WasmInstance,
  beginnings: Beginnings,
): (claims: Claims, index: number) => void {
  const { bytes, messageStride } = instance
  const assembleAt = instance.entry('jwtAssemble')
  const claimsAt = instance.entry('jwtClaimsAt')()
  const claimsBytesMax = instance.entry('jwtClaimsBytesMax')()
  const places = Array.from({ length: MINT_MAX }, (_, index) => {
    const at = claimsAt + index * messageStride
    return bytes.subarray(at, at + claimsBytesMax)
  })
  return ({ shared, own }, index) => {
    const head = beginnings.headOf(shared)
    assembleAt(index, head, writeInto(places[index] as Uint8Array, 'Claims', own))
  }
}
