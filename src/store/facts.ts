import type { KeyFacts } from '../core/api-key.ts'
import type { Facts } from '../core/principal.ts'
import type { KeyFactsSource } from './api-keys.ts'
import type { Board, PostedFacts, PostedKey } from './board.ts'
import { decodeKey } from './key-record.ts'
import { decodePrincipal, decodeSession } from './record.ts'
import type { SessionFacts } from './sessions.ts'

/** What an authorizer asks of the board, decoded and bound to the hash it asked for. */
export function createSessionFacts(board: Board): SessionFacts {
  return {
    async load(hash) {
      const { epoch, seq, found } = await board.load(hash)
      return { epoch, seq, found: found === undefined ? undefined : factsOf(hash, found) }
    },
    touch: (batch) => board.touch(batch),
  }
}

/** The same for API keys, bound to the kid that was asked for. */
export function createKeyFacts(board: Board): KeyFactsSource {
  return {
    async load(kid) {
      const { epoch, seq, found } = await board.loadKey(kid)
      return { epoch, seq, found: found === undefined ? undefined : keyFactsOf(kid, found) }
    },
  }
}

function keyFactsOf(kid: string, posted: PostedKey): KeyFacts {
  const key = decodeKey(posted.key, kid)
  return { key, principal: decodePrincipal(posted.principal, key.uid) }
}

/** Undefined if the user's sessions of this generation have all been ended. */
function factsOf(hash: string, posted: PostedFacts): Facts | undefined {
  if (posted.sessionGeneration < posted.generation) return undefined
  const written = decodeSession(posted.session, hash)
  const generation = Math.max(written.generation, posted.sessionGeneration)
  const principal = decodePrincipal(posted.principal, written.uid)
  return { session: { ...written, generation }, principal, idleAtMs: posted.idleAtMs }
}
