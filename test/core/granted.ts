import { readIdentity, wordIdentity } from '../../src/core/identity-lines.ts'
import type { Grant } from '../../src/core/verdict.ts'

/** What the upstream is told, value by value. */
export interface Told {
  readonly authorization: string
  readonly user: string
  readonly role: string
}

/** A grant that says so. */
export function grantOf({ authorization, user, role }: Told): Grant {
  return { kind: 'allow', lines: wordIdentity(authorization, user, role) }
}

/** What a grant says. */
export function toldBy({ lines = '' }: Grant): Told {
  const [, authorization = '', , user = '', , role = ''] = readIdentity(lines)
  return { authorization, user, role }
}
