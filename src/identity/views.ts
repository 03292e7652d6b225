import type { Permission } from '../core/rule.ts'
import type { RestrictionListing } from '../store/restrictions.ts'
import type { SessionListing } from '../store/sessions.ts'
import type { Label, User } from '../store/users.ts'
import { Type } from './shape.ts'

const Nullable = (type: 'string' | 'integer') =>
  Type.Unsafe<string | number | null>({ type: [type, 'null'] })

export const Empty = Type.Object({})

export const Errors = Type.Object({ errors: Type.Array(Type.String()) })

export const LabelView = Type.Object({
  key: Type.String(),
  value: Type.String(),
  scope: Type.String(),
  created_at: Type.String(),
  updated_at: Type.String(),
})

const USER_FIELDS = {
  email: Type.String(),
  uid: Type.String(),
  role: Type.String(),
  level: Type.Integer(),
  otp: Type.Boolean(),
  state: Type.String(),
  referral_uid: Nullable('string'),
  data: Nullable('string'),
  username: Nullable('string'),
  created_at: Type.String(),
  updated_at: Type.String(),
}

/** A user as lists show it. */
export const UserRow = Type.Object(USER_FIELDS)

/** Barong's full user. Phones, profiles and data storages are not kept here: always empty. */
export const UserView = Type.Object({
  ...USER_FIELDS,
  csrf_token: Type.Optional(Type.String()),
  labels: Type.Array(LabelView),
  phones: Type.Array(Type.Object({})),
  profiles: Type.Array(Type.Object({})),
  data_storages: Type.Array(Type.Object({})),
})

/** What a sign-up answers, word for word the same whether the address was known or not. */
export const SignUpView = Type.Object({
  email: Type.String(),
  role: Type.String(),
  level: Type.Integer(),
  otp: Type.Boolean(),
  state: Type.String(),
  username: Nullable('string'),
  data: Nullable('string'),
})

export const SessionView = Type.Object({
  id: Type.String(),
  current: Type.Boolean(),
  user_agent: Type.String(),
  address: Type.String(),
  created_at: Type.String(),
  idle_at: Type.String(),
  ends_at: Type.String(),
})

export const PermissionView = Type.Object({
  id: Type.Integer(),
  role: Type.String(),
  verb: Type.String(),
  path: Type.String(),
  action: Type.String(),
  topic: Nullable('string'),
})

/** ISO 8601 in UTC to the second, as Barong writes instants. */
export function instant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`
}

export function labelView(label: Label) {
  const { key, value, scope } = label
  return {
    key,
    value,
    scope,
    created_at: instant(label.createdAtMs),
    updated_at: instant(label.updatedAtMs),
  }
}

export function userRow(user: User) {
  return {
    email: user.email,
    uid: user.uid,
    role: user.role,
    level: user.level,
    otp: user.otp,
    state: user.state,
    referral_uid: user.referralUid,
    data: user.data,
    username: user.username,
    created_at: instant(user.createdAtMs),
    updated_at: instant(user.updatedAtMs),
  }
}

export function userView(user: User, labels: readonly Label[], csrfToken?: string) {
  return {
    ...userRow(user),
    ...(csrfToken === undefined ? {} : { csrf_token: csrfToken }),
    labels: labels.map(labelView),
    phones: [],
    profiles: [],
    data_storages: [],
  }
}

export function sessionView({ session, idleAtMs }: SessionListing, currentHash?: string) {
  return {
    id: session.hash,
    current: session.hash === currentHash,
    user_agent: session.userAgent,
    address: session.address.text,
    created_at: instant(session.createdAtMs),
    idle_at: instant(Math.min(idleAtMs, session.endsAtMs)),
    ends_at: instant(session.endsAtMs),
  }
}

export const RestrictionView = Type.Object({
  id: Type.Integer(),
  category: Type.String(),
  scope: Type.String(),
  value: Type.String(),
  code: Type.Integer(),
  state: Type.String(),
  created_at: Type.String(),
  updated_at: Type.String(),
})

export function restrictionView(row: RestrictionListing) {
  const { id, category, scope, value, code, state, createdAtMs, updatedAtMs } = row
  const instants = { created_at: instant(createdAtMs), updated_at: instant(updatedAtMs) }
  return { id, category, scope, value, code, state, ...instants }
}

export function permissionView(row: Permission) {
  const { id, role, verb, path, action, topic } = row
  return { id, role, verb, path, action, topic }
}
