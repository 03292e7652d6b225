import type { FastifyServerOptions } from 'fastify'
import type { Logger } from 'pino'
import type { CookieRing } from '../crypto/cookie-ring.ts'
import type { KeyEncryptionKeys } from '../crypto/envelope.ts'
import type { Verifier } from '../crypto/verifier.ts'
import type { IdentityStores } from '../store/stores.ts'
import type { LimitSettings } from './limits.ts'
import type { Mailer } from './mail.ts'
import type { PasswordCost } from './password.ts'

export interface IdentitySettings {
  /** What browsers see, e.g. `https://app.example.com`: scheme, host, port; no trailing slash. */
  readonly publicOrigin: string
  /** Further origins whose pages may call with credentials; matched exactly. */
  readonly corsOrigins: readonly string[]
  /** Whose X-Forwarded-For is believed; Fastify's own words for it. */
  readonly trustProxy: NonNullable<FastifyServerOptions['trustProxy']>
  /** With its `__Host-` prefix where the public origin is https. */
  readonly cookieName: string
  readonly sessionIdleMs: number
  readonly sessionLifetimeMs: number
  /** The oldest are ended when a login would exceed it. */
  readonly sessionsPerUserMax: number
  readonly issuer: string
  /** What authenticator apps show beside the account. */
  readonly otpIssuer: string
  readonly audience: string
  /** Bits, as log2 of the guesses an attacker needs. */
  readonly passwordEntropyMin: number
  readonly passwordCost: PasswordCost
  readonly mailTokenLifetimeMs: number
  readonly limits: LimitSettings
  /** Told at /version and in the OpenAPI document. */
  readonly version: string
}

/** All that the identity API needs; every part is a plain value or a small interface. */
export interface IdentityDeps {
  readonly stores: IdentityStores
  /** Proves that the authorizer issued a bearer token. */
  readonly verifier: Verifier
  /** Seals the ids of sessions, and knows which cookies are ours. */
  readonly cookieRing: Pick<CookieRing, 'seal' | 'isSealed'>
  /** What secrets are sealed under; without it none can be kept. */
  readonly secretsKey: KeyEncryptionKeys | undefined
  readonly mailer: Mailer
  readonly log: Logger
  nowMs(): number
  /** Cryptographically strong. */
  randomBytes(count: number): Uint8Array
  /** The routes in force, as GET /admin/routes shows them. */
  policyRoutes(): Record<string, unknown>
  readonly settings: IdentitySettings
}
