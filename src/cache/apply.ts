import { EVERY_SESSION, type Invalidation } from '../core/invalidation.ts'
import { nameOf, type Ring } from './ring.ts'
import type { Rememberable, Table } from './table.ts'

/** What an invalidation can reach. */
export interface Remembered {
  /** Entries are tagged by `nameOf('session', hash)` and `nameOf('user', uid)`. */
  readonly facts: Pick<Table<Rememberable>, 'forgetTagged' | 'forgetAll'>
  readonly ring: Ring
  /** The permissions changed: compile them anew. */
  policyChanged(): void
  /** The restrictions changed: compile them anew. */
  restrictionsChanged(): void
  /** The signing keys changed: read the keyring anew. */
  keyringChanged(): void
}

/** Forgets exactly what `message` names. Safe to repeat and to apply out of order. */
export function applyInvalidation(remembered: Remembered, message: Invalidation): void {
  remembered.ring.record(message)
  switch (message.scope) {
    case 'session':
      if (message.id === EVERY_SESSION) remembered.facts.forgetAll()
      else remembered.facts.forgetTagged(nameOf('session', message.id))
      return
    case 'user':
    case 'key':
      remembered.facts.forgetTagged(nameOf(message.scope, message.id))
      return
    case 'policy':
      remembered.policyChanged()
      return
    case 'restrictions':
      remembered.restrictionsChanged()
      return
    case 'keyring':
      remembered.keyringChanged()
      return
  }
}
