/** A permission as an application's own table holds it. */
export interface RivalRule {
  readonly role: string
  readonly verb: string
  readonly path: string
}

/** What a rival keeps in Redis of a login, as JSON. */
export interface RivalSession {
  readonly uid: string
  readonly email: string
  readonly role: string
  readonly level: number
  readonly state: string
  readonly userAgent: string
  readonly expiresAtMs: number
}

/** What each rival is told when it starts, as JSON. */
export interface RivalOptions {
  readonly redisUrl: string
  readonly algorithm: 'RS256' | 'EdDSA'
  /** PKCS #8, PEM. */
  readonly privateKey: string
  readonly rules: readonly RivalRule[]
}

/** As most applications write it: the rows in turn. */
export function isAllowed(
  rules: readonly RivalRule[],
  role: string,
  method: string,
  path: string,
): boolean {
  return rules.some(
    (rule) =>
      rule.role === role &&
      (rule.verb === 'ALL' || rule.verb === method) &&
      path.startsWith(rule.path),
  )
}

export function isUsable(session: RivalSession, userAgent: string | undefined): boolean {
  return (
    session.state === 'active' &&
    session.expiresAtMs > Date.now() &&
    session.userAgent === userAgent
  )
}

export function claimsOf({ uid, email, role, level, state }: RivalSession) {
  return { sub: uid, uid, email, role, level, state, iss: 'rival', aud: ['dvara'] }
}

export const LIFETIME_S = 60

export function readOptions(): { port: number; options: RivalOptions } {
  const [, , port, text] = process.argv
  if (port === undefined || text === undefined) throw new Error('arguments: port, options as JSON')
  return { port: Number(port), options: JSON.parse(text) as RivalOptions }
}
