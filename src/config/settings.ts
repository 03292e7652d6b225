import type { ProcessName, Setting } from './setting.ts'
import { listening, operations, stores, tokens } from './settings-authorizer.ts'
import { apiKeys, guarding, mailing, sessions } from './settings-identity.ts'
import { limiting, shadowing } from './settings-limits.ts'
import { outages } from './settings-outage.ts'
import { revocation } from './settings-revocation.ts'

/** The one table, in the order in which it is printed. */
export const SECTIONS = {
  'Listening and trust': listening,
  Stores: stores,
  'Without Redis': outages,
  Revocation: revocation,
  Sessions: sessions,
  'API keys': apiKeys,
  Tokens: tokens,
  'Rate limits': limiting,
  'Shadow policy': shadowing,
  'Signing in': guarding,
  Mail: mailing,
  Operations: operations,
} as const

/** The same rows by name. */
export const settings = {
  ...listening,
  ...stores,
  ...outages,
  ...revocation,
  ...sessions,
  ...apiKeys,
  ...tokens,
  ...limiting,
  ...shadowing,
  ...guarding,
  ...mailing,
  ...operations,
}

type Settings = typeof settings
export type SettingName = keyof Settings

type ValueOf<S> =
  S extends Setting<infer T, ProcessName, infer F> ? (F extends true ? T : T | undefined) : never
type RequiredValueOf<S> = S extends Setting<infer T> ? T : never
type RequiredNames<P extends ProcessName> = {
  [N in SettingName]: P extends Settings[N]['requiredBy'][number] ? N : never
}[SettingName]

/** What the operator chose. Frozen; pass on the few values a room needs, never the whole. */
export type Config = { readonly [N in SettingName]: ValueOf<Settings[N]> }

/** The config of one process: what it cannot start without is there. */
export type ConfigFor<P extends ProcessName> = Config & {
  readonly [N in RequiredNames<P>]: RequiredValueOf<Settings[N]>
}

/** `sessionIdleS` is DVARA_SESSION_IDLE_S in the environment. */
export function variableOf(name: string): string {
  return `DVARA_${separate(name, '_').toUpperCase()}`
}

/** `sessionIdleS` is --session-idle-s on the command line. */
export function flagOf(name: string): string {
  return `--${separate(name, '-').toLowerCase()}`
}

function separate(name: string, mark: string): string {
  return name.replace('KiB', 'Kib').replace(/([a-z0-9])([A-Z])/g, `$1${mark}$2`)
}

/** Every row with its name, in printed order. */
export function listSettings(): { name: SettingName; row: Setting<unknown> }[] {
  return Object.entries(settings).map(([name, row]) => ({
    name: name as SettingName,
    row: row as Setting<unknown>,
  }))
}
