import type { Parser } from './parsers.ts'

/** The commands of `dvara`: each reads some of the settings. */
export const PROCESS_NAMES = [
  'dev',
  'authorizer',
  'identity',
  'migrate',
  'keys',
  'administrator',
  'restrictions',
  'policy',
  'explain',
  'members',
  'config',
] as const
export type ProcessName = (typeof PROCESS_NAMES)[number]

interface Row<T, R extends ProcessName> {
  /** One sentence or two for --help, .env.example and docs/configuration.md. */
  readonly about: string
  readonly parse: Parser<T>
  /** Who reads it, for the operator who wonders where to set it. */
  readonly for: readonly ProcessName[]
  /** Who cannot start without it; only where there is no fallback. */
  readonly requiredBy?: readonly R[]
}

/** One thing that an operator may choose. Everything written about it comes from here. */
export interface Setting<T, R extends ProcessName = ProcessName, F extends boolean = boolean>
  extends Row<T, R> {
  readonly requiredBy: readonly R[]
  readonly fallback: F extends true ? T : T | undefined
}

export function setting<T>(
  row: Row<T, never> & { readonly fallback: NoInfer<T> },
): Setting<T, never, true>
export function setting<T, const R extends ProcessName = never>(
  row: Row<T, R>,
): Setting<T, R, false>
/** Declares one setting. Without a fallback its value may be undefined, except where required. */
export function setting<T>(
  row: Row<T, ProcessName> & { readonly fallback?: T },
): Setting<T, ProcessName, boolean> {
  return Object.freeze({
    about: row.about,
    parse: row.parse,
    for: row.for,
    requiredBy: row.requiredBy ?? [],
    fallback: Object.freeze(row.fallback),
  })
}
