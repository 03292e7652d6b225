/** How it ended, in Barong's words: `denied` by the rules, `failed` by anything else. */
export const ACTIVITY_RESULTS = ['succeed', 'failed', 'denied'] as const
export type ActivityResult = (typeof ACTIVITY_RESULTS)[number]

/** `admin`: what the rules watch or refuse. `user`: what people do to their own account. */
export const ACTIVITY_CATEGORIES = ['admin', 'user'] as const
export type ActivityCategory = (typeof ACTIVITY_CATEGORIES)[number]

/** What was done, by whom, from where, and how it ended. Written once, never changed. */
export interface Activity {
  /** Unique for ever: writing it twice is writing it once. */
  readonly id: string
  readonly atMs: number
  readonly category: ActivityCategory
  /** Who: the principal's uid. */
  readonly uid: string
  readonly kind: 'user' | 'service'
  /** To whom, where the request says so. Never looked up, so never a reason to drop. */
  readonly targetUid: string
  /** The client's address as text. */
  readonly address: string
  /** ISO code of the address's country, empty where it is not known. */
  readonly country: string
  readonly userAgent: string
  readonly topic: string
  /** `create`, `update`, `read`, `delete`, `system`, or what the identity API calls it. */
  readonly action: string
  readonly result: ActivityResult
  /** The public code of a refusal; empty otherwise. */
  readonly reason: string
  /** Of the answer that the gateway got; empty where no gateway asked. */
  readonly decisionId: string
  readonly method: string
  /** Without the query: what stands there may be a secret. */
  readonly path: string
}

/** Longer texts are cut: a record has a bound, whatever a client sends. */
export const ACTIVITY_TEXT_MAX = 512

const CONTROLS = /\p{Cc}/gu

/** Safe to store and to show: bounded, without control characters. */
export function activityText(text: string): string {
  const cut = text.length > ACTIVITY_TEXT_MAX ? text.slice(0, ACTIVITY_TEXT_MAX) : text
  return cut.replace(CONTROLS, '')
}

const ACTIONS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  GET: 'read',
  DELETE: 'delete',
}

/** What a method does to a thing, in Barong's words. */
export function activityAction(method: string): string {
  return ACTIONS[method] ?? 'system'
}

/** The row's own topic, else the segment after `/admin/`, else `general`. */
export function activityTopic(path: string, ofRow: string | null): string {
  if (ofRow !== null && ofRow !== '') return ofRow
  const below = /\/admin\/([^/]+)/.exec(path)?.[1]
  return below === undefined ? 'general' : activityText(below)
}

const TARGET = /(?:^|&)(?:user_)?uid=([A-Za-z0-9]{1,64})(?:&|$)/

/** The uid that a query names, as it stands there: `uid` or `user_uid`, the first of them. */
export function activityTarget(query: string): string {
  return TARGET.exec(query)?.[1] ?? ''
}
