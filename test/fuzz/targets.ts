import { decideTarget } from './decide/decide.ts'
import {
  ed25519ForgedTarget,
  ed25519PoisonedTarget,
  ed25519SignTarget,
  ed25519VerifyTarget,
} from './ed25519.ts'
import { HASH_TARGETS } from './hashes.ts'
import { interleavedTarget } from './interleaved.ts'
import { p256SignTarget, p256VerifyTarget } from './p256.ts'
import type { Target } from './target.ts'
import { p256TokenTarget, tokenTarget } from './tokens.ts'
import { cookieTarget } from './wire/cookie.ts'
import { headersTarget } from './wire/headers.ts'
import { burnTarget, formTarget, nonceTarget } from './wire/nonce.ts'
import { pathTarget } from './wire/path.ts'
import { recordTarget } from './wire/record.ts'
import { socketTarget } from './wire/socket.ts'

/** What `npm run fuzz -- NAME` runs. */
export const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  crypto: [
    ...HASH_TARGETS,
    ed25519SignTarget,
    ed25519VerifyTarget,
    ed25519ForgedTarget,
    ed25519PoisonedTarget,
    p256SignTarget,
    p256VerifyTarget,
    tokenTarget,
    p256TokenTarget,
    interleavedTarget,
  ],
  decide: [decideTarget],
  path: [pathTarget],
  headers: [headersTarget],
  cookie: [cookieTarget],
  nonce: [nonceTarget, formTarget, burnTarget],
  record: [recordTarget],
  socket: [socketTarget],
}
