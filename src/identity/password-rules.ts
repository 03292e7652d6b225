import { type Outcome, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { isPasswordAcceptable } from './password.ts'

/** Why this may not become a password; undefined if it may. `hints` are what a guesser knows. */
export async function judgeNewPassword(
  { strength, settings }: Pick<Parts, 'strength' | 'settings'>,
  password: string,
  hints: readonly string[] = [],
): Promise<Outcome | undefined> {
  if (!isPasswordAcceptable(password)) return refuse(422, 'password.requirements')
  const entropy = await strength(password, hints)
  return entropy < settings.passwordEntropyMin ? refuse(422, 'password.weak') : undefined
}
