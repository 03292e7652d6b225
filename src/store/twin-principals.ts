import { createExpiring } from './expiring.ts'

interface TwinPrincipal {
  readonly record: Uint8Array
  readonly version: number
  /** The sealing it belongs to. */
  readonly epochNumber: number | undefined
}

/** Principals by uid, as `POST_PRINCIPAL` of script-parts.ts keeps them in Redis. */
export function createTwinPrincipals(nowMs: () => number) {
  const principals = createExpiring<TwinPrincipal>(nowMs)

  /** What is known already, unless it is of another sealing: that says nothing, being past. */
  function knownBeside(uid: string, { epochNumber }: TwinPrincipal): TwinPrincipal | undefined {
    const known = principals.read(uid)
    return known?.epochNumber === epochNumber ? known : undefined
  }

  return {
    read: principals.read,
    sweep: principals.sweep,
    /** Never over something newer. */
    post(uid: string, principal: TwinPrincipal, untilMs: number): void {
      const known = knownBeside(uid, principal)
      const isOlder = known !== undefined && known.version > principal.version
      principals.remember(uid, isOlder ? known : principal, untilMs)
    },
    /** Only where there is none: one that has changed, its own entry of the log brings. */
    introduce(uid: string, principal: TwinPrincipal, untilMs: number): void {
      principals.remember(uid, knownBeside(uid, principal) ?? principal, untilMs)
    },
  }
}
