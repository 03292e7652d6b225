import type { User } from '../store/users.ts'
import type { Client } from './client.ts'
import type { ObjectShape, Shape, Static } from './shape.ts'

/** Barong's three doors of this process; each is mounted at two addresses. */
export type Door = 'identity' | 'resource' | 'admin'

/** Who may call: no token asked for, any signed-in user, or one of these roles. */
export type Access = 'anyone' | 'user' | 'admin' | 'superadmin'

/** The caller may not, for these public codes. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly status: number
  readonly codes: readonly string[]
  readonly retryAfterS: number | undefined
  /** The uid it is about, where no token says so; for the record of activities. */
  readonly subject?: string
}

/** How calls of an endpoint are written down. */
export interface Recorded {
  /** `admin`: what is done to others and to the rules; else to one's own account. */
  readonly category?: 'admin'
  readonly topic:
    | ('session' | 'otp' | 'password' | 'account' | 'api_key')
    | ('permissions' | 'restrictions' | 'service_accounts' | 'users')
  readonly action: string
  /** Refused ones too: only where a limit stands before them, or anybody could fill the disk. */
  readonly isFailureToo: boolean
}

/** It was done; `body` is shaped by the endpoint's schema on its way out. */
export interface Done {
  readonly kind: 'done'
  readonly body: unknown
  /** A new session id for the cookie, `null` to clear it, undefined to leave it alone. */
  readonly sessionId: string | null | undefined
  readonly page: Page | undefined
  /** The uid it is about, where no token says so; for the record of activities. */
  readonly subject?: string
  /** What was done, where the call decides it; else the endpoint's own word. */
  readonly action?: string
}

export interface Page {
  readonly total: number
  readonly page: number
  readonly limit: number
}

export type Outcome = Done | Refusal

export function refuse(status: number, ...codes: readonly string[]): Refusal {
  return { kind: 'refusal', status, codes, retryAfterS: undefined }
}

/** 429, with the seconds after which it is worth trying again. */
export function refuseForNow(retryAfterS: number): Refusal {
  return { kind: 'refusal', status: 429, codes: ['identity.session.rate_limited'], retryAfterS }
}

export function done(body: unknown, more: Partial<Omit<Done, 'kind' | 'body'>> = {}): Done {
  return { kind: 'done', body, sessionId: undefined, page: undefined, ...more }
}

/** Who calls, as the token says and the store confirms. */
export interface Actor {
  readonly user: User
  /** The hash of the session behind the token; undefined for a token without one. */
  readonly sessionHash: string | undefined
}

/** One call of an endpoint, read and checked for shape. */
export interface Call<P> {
  readonly params: P
  readonly client: Client
}

export interface ActorCall<P> extends Call<P> {
  readonly actor: Actor
}

interface Described {
  readonly door: Door
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below its door, with `:name` for a parameter. */
  readonly path: string
  /** One sentence for the OpenAPI document. */
  readonly about: string
  /** `identity.session` and the like: what errors about parameters begin with. */
  readonly class: string
  /** 204 has no body, whatever the shape says. */
  readonly success: { readonly status: 200 | 201 | 204; readonly body: Shape }
  /** `401 identity.session.banned`: every refusal of its own, as documented. */
  readonly refusals: readonly string[]
  /** Calls are written down under these words, which are Barong's; undefined: they are not. */
  readonly activity?: Recorded
}

/** One line of the API: everything there is to know about it, as plain data. */
export interface Endpoint extends Described {
  readonly access: Access
  readonly params: ObjectShape
  answer(call: Call<unknown>, actor: Actor | undefined): Promise<Outcome>
}

/** An endpoint that asks for no token. */
export function openEndpoint<P extends ObjectShape>(
  spec: Described & { readonly params: P; answer(call: Call<Static<P>>): Promise<Outcome> },
): Endpoint {
  const { answer, ...described } = spec
  // The mount reads `params` by this very schema before it calls.
  return { ...described, access: 'anyone', answer: (call) => answer(call as Call<Static<P>>) }
}

/** An endpoint behind the authorizer's token, and a role where `access` names one. */
export function guardedEndpoint<P extends ObjectShape>(
  spec: Described & {
    readonly access: Exclude<Access, 'anyone'>
    readonly params: P
    answer(call: ActorCall<Static<P>>): Promise<Outcome>
  },
): Endpoint {
  const { answer, ...described } = spec
  return {
    ...described,
    answer: async (call, actor) => {
      if (actor === undefined) return refuse(401, 'jwt.decode_and_verify')
      return answer({ ...(call as Call<Static<P>>), actor })
    },
  }
}
