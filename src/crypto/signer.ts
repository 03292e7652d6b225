import { verifySignature } from './algorithm.ts'
import type { Keyring, SigningKey } from './keyring.ts'
import {
  type Bearer,
  type Claims,
  type CryptoEngine,
  MINT_MAX,
  nodeEngine,
  type Stamp,
  tokenOf,
  wholeClaims,
} from './stamp.ts'

export interface Signer {
  /**
   * The claims as a compact JWS (RFC 7515 §3.1) by the ring's signing key, at once; text is taken
   * to be the JSON already.
   */
  sign(claims: string | object): string
  /**
   * The same as a header carries it, together with whatever else is asked for in this turn of the
   * event loop: one alone is signed at once, several share their work. RSA is signed off the event
   * loop. The bytes are those that the engine wrote: no text is made of them.
   */
  signSoon(claims: Claims): Promise<Bearer>
  /** The `kid` that signs now. */
  kid(): string
  /** Whether a signature takes so long that it is better asked for ahead of time. */
  isSlow(): boolean
  /** What computes: changes to `node` for good if a signature is found to be wrong. */
  engine(): CryptoEngine['kind']
}

export interface SignerOptions {
  readonly keyring: Pick<Keyring, 'signing' | 'verifying'>
  /** Default: node:crypto. */
  readonly engine?: CryptoEngine
  /** One signature in so many is verified by node:crypto before it leaves; 0 means none. */
  readonly checkEvery?: number
  /** Runs at the end of this turn of the event loop. */
  readonly atTurnEnd?: (run: () => void) => void
  /** The engine computed something wrong, which was caught; node:crypto has signed instead. */
  readonly onWrong?: (what: string) => void
}

interface Wish {
  readonly claims: Claims
  readonly grant: (bearer: Bearer) => void
  readonly refuse: (cause: unknown) => void
}

/** What the signer knows and changes. */
interface State {
  readonly keyring: SignerOptions['keyring']
  readonly checkEvery: number
  readonly onWrong: (what: string) => void
  engine: CryptoEngine
  key: SigningKey
  stamp: Stamp
  /** Prepared when it is first needed: what signs in the engine's place. */
  spare: Stamp | undefined
  untilCheck: number
}

/** Signs with whatever key the ring says; a key is prepared once. */
export function createSigner(options: SignerOptions): Signer {
  const { keyring, engine = nodeEngine, checkEvery = 0, onWrong = () => {} } = options
  const { atTurnEnd = setImmediate } = options
  const key = keyring.signing()
  const state: State = {
    ...{ keyring, engine, checkEvery, onWrong, key, spare: undefined },
    stamp: engine.stamp(key),
    untilCheck: checkEvery,
  }
  let wishes: Wish[] = []

  function flush(): void {
    const all = wishes
    wishes = []
    for (let at = 0; at < all.length; at += MINT_MAX) grantAll(state, all.slice(at, at + MINT_MAX))
  }

  return {
    sign(claims) {
      const json = typeof claims === 'string' ? claims : JSON.stringify(claims)
      return mintOne(state, wholeClaims(json), TEXTS)
    },
    signSoon: (claims) =>
      new Promise((grant, refuse) => {
        if (wishes.length === 0) atTurnEnd(flush)
        wishes.push({ claims, grant, refuse })
      }),
    kid: () => keyring.signing().kid,
    isSlow: () => currentStamp(state).bearerLater !== undefined,
    engine: () => state.engine.kind,
  }
}

/** The stamp of the key that signs now; the one before it is wiped. */
function currentStamp(state: State): Stamp {
  const key = state.keyring.signing()
  if (state.key !== key) {
    const before = [state.stamp, state.spare]
    state.stamp = state.engine.stamp(key)
    state.spare = undefined
    state.key = key
    for (const stamp of before) stamp?.forget()
  }
  return state.stamp
}

function grantAll(state: State, wishes: readonly Wish[]): void {
  const { bearerLater } = currentStamp(state)
  if (bearerLater !== undefined) {
    for (const { claims, grant, refuse } of wishes) bearerLater(claims).then(grant, refuse)
    return
  }
  const bearers = wishes.length === 1 ? [] : mintTogether(state, wishes)
  for (const [at, wish] of wishes.entries()) {
    try {
      wish.grant(bearers[at] ?? mintOne(state, wish.claims, BEARERS))
    } catch (cause) {
      wish.refuse(cause)
    }
  }
}

/** Undefined where one has to be signed alone after all. */
function mintTogether(state: State, wishes: readonly Wish[]): readonly (Bearer | undefined)[] {
  try {
    const bearers = currentStamp(state).bearers(wishes.map(({ claims }) => claims))
    // Where one of them is wrong, its neighbours are not believed either.
    const isEachRight = bearers.every((one) => one === undefined || isRight(state, one, tokenOf))
    return isEachRight ? bearers : []
  } catch {
    // One whose claims are too long must not spoil its neighbours: each is tried alone.
    return []
  }
}

/** One of the two forms of a token. */
interface Form<T> {
  readonly mint: (stamp: Stamp, claims: Claims) => T
  readonly tokenOf: (form: T) => string
}

const TEXTS: Form<string> = { mint: (stamp, claims) => stamp.mint(claims), tokenOf: (one) => one }
const BEARERS: Form<Bearer> = { mint: (stamp, claims) => stamp.bearer(claims), tokenOf }

function mintOne<T>(state: State, claims: Claims, form: Form<T>): T {
  const stamp = currentStamp(state)
  if (state.engine.kind === 'node') return form.mint(stamp, claims)
  try {
    const made = form.mint(stamp, claims)
    if (isRight(state, made, form.tokenOf)) return made
  } catch (cause) {
    // Too long for the engine's memory is no fault of its arithmetic.
    if (!(cause instanceof RangeError)) state.onWrong('a signature failed its own check')
  }
  state.spare ??= nodeEngine.stamp(state.key)
  return form.mint(state.spare, claims)
}

/** Verifies one token in `checkEvery`; a wrong one ends the engine's use. */
function isRight<T>(state: State, made: T, tokenIn: (made: T) => string): boolean {
  if (state.checkEvery === 0 || --state.untilCheck > 0) return true
  state.untilCheck = state.checkEvery
  const token = tokenIn(made)
  const publicKey = state.keyring.verifying(state.key.kid)
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  const input = Buffer.from(token.slice(0, end), 'latin1')
  if (publicKey !== undefined && verifySignature(publicKey, input, signature)) return true
  state.onWrong('a signature did not verify')
  state.engine = nodeEngine
  state.stamp = nodeEngine.stamp(state.key)
  return false
}
