import type { Facts } from '../core/principal.ts'
import type { Board, PostedFacts } from './board.ts'
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

/** Undefined if the user's sessions of this generation have all been ended. */
function factsOf(hash: string, posted: PostedFacts): Facts | undefined {
  if (posted.sessionGeneration < posted.generation) return undefined
  const written = decodeSession(posted.session, hash)
  const generation = Math.max(written.generation, posted.sessionGeneration)
  const principal = decodePrincipal(posted.principal, written.uid)
  return { session: { ...written, generation }, principal, idleAtMs: posted.idleAtMs }
}
