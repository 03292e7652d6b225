import { EnvelopeError, openSecret, sealSecret } from '../crypto/envelope.ts'
import type { StepClaim } from '../store/second-factors.ts'
import type { User } from '../store/users.ts'
import type { Client } from './client.ts'
import { type Refusal, refuse, refuseForNow } from './endpoint.ts'
import type { Parts } from './parts.ts'

/** RFC 6238 as every authenticator app has it; RFC 4226 §4 recommends 160 bits. */
const SEED_BYTES = 20
const DIGITS = 6
const STEP_S = 30
/** A code of the step before or after is good: clocks differ, and people type. */
const WINDOW = 1
const CODE = /^[0-9]{6}$/
const QR_WIDTH_PX = 300

/** What this process cannot do without DVARA_SECRETS_KEY, or with another one. */
const UNSEALABLE = refuse(422, 'totp.error')

function rowOf(uid: string): readonly string[] {
  return ['one-time codes', uid]
}

// Loaded when first needed: most starts never see a second factor.
async function loadTotp(issuer: string, account: string, seed: Uint8Array) {
  const { Secret, TOTP } = await import('otpauth')
  const secret = new Secret({ buffer: new Uint8Array(seed).buffer })
  return new TOTP({
    ...{ issuer, label: account, secret },
    ...{ algorithm: 'SHA1', digits: DIGITS, period: STEP_S },
  })
}

export interface Enrolment {
  /** `otpauth://totp/…`, for apps that take a link. */
  readonly url: string
  /** The same as a picture: PNG in base64. */
  readonly barcode: string
}

/** A fresh seed, kept until the user shows a code of it. */
export async function enrolCodes(parts: Parts, user: User): Promise<Enrolment | Refusal> {
  const { stores, settings, secretsKey, randomBytes } = parts
  if (secretsKey === undefined) return UNSEALABLE
  const seed = randomBytes(SEED_BYTES)
  const totp = await loadTotp(settings.otpIssuer, user.email, seed)
  const sealed = sealSecret(secretsKey, seed, rowOf(user.uid))
  if (!(await stores.secondFactors.enrol(user.uid, sealed))) {
    return refuse(400, 'resource.otp.already_enabled')
  }
  const url = totp.toString()
  const { toBuffer } = (await import('qrcode')).default
  const barcode = (await toBuffer(url, { width: QR_WIDTH_PX })).toString('base64')
  return { url, barcode }
}

/**
 * The step that a code is of, not used yet: `wrong` says what a wrong code is answered with.
 * Tries are counted by account before anything is compared.
 */
async function judgeCode(
  parts: Parts,
  given: { readonly user: User; readonly code: string; readonly client: Client },
  wrong: Refusal,
): Promise<StepClaim | Refusal> {
  const { stores, limits, secretsKey, nowMs, settings } = parts
  const { user, code, client } = given
  const waitS = await limits.admitCode(user.email, client.address)
  if (waitS > 0) return refuseForNow(waitS)
  const factor = await stores.secondFactors.find(user.uid)
  if (factor === undefined || !CODE.test(code)) return wrong
  if (secretsKey === undefined) return UNSEALABLE
  let seed: Uint8Array
  try {
    seed = openSecret(secretsKey, factor.secret, rowOf(user.uid))
  } catch (problem) {
    if (!(problem instanceof EnvelopeError)) throw problem
    parts.log.error({ problem: problem.message, uid: user.uid }, 'a seed cannot be opened')
    return UNSEALABLE
  }
  const atMs = nowMs()
  const totp = await loadTotp(settings.otpIssuer, user.email, seed)
  seed.fill(0)
  // 0 is the present step, so only null means that no step of the window has this code.
  const delta = totp.validate({ token: code, timestamp: atMs, window: WINDOW })
  if (delta === null) return wrong
  return { uid: user.uid, secret: factor.secret, step: Math.floor(atMs / 1000 / STEP_S) + delta }
}

/**
 * Judges a code and spends its step by `spend`, of which one caller alone hears true. Undefined
 * if the code counted.
 */
export async function spendCode(
  parts: Parts,
  given: {
    readonly user: User
    readonly code: string
    readonly client: Client
    readonly wrong: Refusal
  },
  spend: (claim: StepClaim) => Promise<boolean> = parts.stores.secondFactors.use,
): Promise<Refusal | undefined> {
  const claim = await judgeCode(parts, given, given.wrong)
  if ('kind' in claim) return claim
  if (!(await spend(claim))) return given.wrong
  await parts.limits.recordCode(given.user.email, given.client.address)
  return undefined
}
