import type { Principal } from '../core/principal.ts'

/** Everybody who may act, signed in or not. Postgres: for operators' questions, never a check. */
export interface Principals {
  load(uid: string): Promise<Principal | undefined>
}
