import type { Restrictions } from './restriction.ts'
import type { Routes } from './route.ts'
import type { Rules } from './rule.ts'

/** What of a login must still be true of the request that uses it. */
export const BINDINGS = ['strict', 'agent', 'network', 'off'] as const
export type Binding = (typeof BINDINGS)[number]

/** Every compiled rule and restriction, replaced whole and never changed. */
export interface Policy {
  /** Grows with every replacement. */
  readonly version: number
  readonly routes: Routes
  readonly rules: Rules
  readonly restrictions: Restrictions
  readonly cookieName: string
  readonly isCsrfRequired: boolean
  readonly binding: Binding
}
