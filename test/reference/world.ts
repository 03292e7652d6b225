/**
 * Everything that one authorizer believes, as plain data: what the reference judges by. Nothing
 * of it is compiled, indexed or parsed beforehand.
 */
export interface World {
  readonly cookieName: string
  readonly isCsrfRequired: boolean
  /** What of a login must be true of its use: strict, agent, network or off. */
  readonly binding: string
  /** How long a session may lie unused. */
  readonly idleMs: number
  readonly tokenTtlMs: number
  readonly issuer: string
  readonly routes: RouteLists
  readonly permissions: readonly PermissionRow[]
  readonly principals: readonly Person[]
  readonly sessions: readonly Login[]
  readonly keys: readonly KeyRow[]
  readonly restrictions: readonly RestrictionRow[]
  /** Where some addresses are; the others are nowhere in particular. */
  readonly places: readonly PlaceRow[]
  /** Whether there is a file that places can be looked up in. */
  readonly isPlaceKnown: boolean
  /** Whether nonces of the first version of signing are good once. */
  readonly isV1Once: boolean
}

/** Path prefixes as a policy file writes them. */
export interface RouteLists {
  readonly public: readonly string[]
  readonly blocked: readonly string[]
  readonly preflight: readonly string[]
  readonly audiences: readonly { readonly prefix: string; readonly audience: readonly string[] }[]
  readonly defaultAudience: readonly string[]
  /** Exact paths that no restriction holds for. */
  readonly unrestricted: readonly string[]
  /** Exact paths that open sessions. */
  readonly login: readonly string[]
}

export interface PermissionRow {
  readonly id: number
  readonly role: string
  readonly verb: string
  readonly path: string
  readonly action: string
  readonly topic: string | null
}

export interface Person {
  readonly uid: string
  readonly kind: string
  readonly username: string | null
  readonly email: string
  readonly role: string
  readonly level: number
  readonly state: string
  readonly referralId: number | null
  readonly otp: boolean
}

/** A session by the value of its cookie. */
export interface Login {
  readonly id: string
  readonly uid: string
  readonly csrfToken: string
  readonly userAgent: string
  readonly address: string
  readonly endsAtMs: number
  /** Over at this instant unless it is used before. */
  readonly idleAtMs: number
}

export interface RestrictionRow {
  readonly id: number
  readonly category: string
  readonly scope: string
  readonly value: string
  readonly code: number
  readonly state: string
}

/** In lower case. */
export interface PlaceRow {
  readonly address: string
  readonly continentCode: string
  readonly continent: string
  readonly countryCode: string
  readonly country: string
}

/** An API key by its id. */
export interface KeyRow {
  readonly kid: string
  readonly uid: string
  /** HS256, EdDSA, ES256 or RS256. */
  readonly algorithm: string
  /** The secret as text, or the public key as SubjectPublicKeyInfo in base64. */
  readonly material: string
  readonly isV1Accepted: boolean
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly state: string
  readonly expiresAtMs: number | null
}

/** What a client sent, as its gateway received it. */
export interface Request {
  readonly method: string
  /** Path and query, raw. */
  readonly target: string
  readonly host: string
  readonly client: string
  /** Header lines in order; names in any case. */
  readonly lines: readonly (readonly [name: string, value: string])[]
  readonly atMs: number
}

/** What is written down of a request: by whom, what, and how it ended. */
export interface ActivityRow {
  readonly category: string
  readonly uid: string
  readonly kind: string
  readonly targetUid: string
  readonly userAgent: string
  readonly topic: string
  readonly action: string
  readonly result: string
  readonly reason: string
  readonly method: string
  readonly path: string
}

/** What must be answered, what the upstream must be told, and what must be written down. */
export type Judgement =
  | {
      readonly kind: 'deny'
      readonly reason: string
      readonly status: number
      readonly activity: ActivityRow | undefined
    }
  | { readonly kind: 'anyone' }
  | {
      readonly kind: 'allow'
      readonly user: string
      readonly role: string
      /** The token's claims but `jti`, in their order. */
      readonly claims: Claims
      readonly activity: ActivityRow | undefined
    }

export type Claims = Readonly<Record<string, string | number | null | readonly string[]>>
