import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissionView, sessionView, userView } from '../../src/identity/views.ts'
import type { User } from '../../src/store/users.ts'

const USER: User = {
  kind: 'user',
  id: 7,
  uid: 'ID0000000001',
  username: null,
  email: 'a@example.com',
  role: 'member',
  level: 1,
  state: 'active',
  referralId: 3,
  referralUid: 'ID0000000003',
  otp: false,
  version: 5,
  passwordDigest: '$argon2id$canary',
  data: null,
  createdAtMs: Date.UTC(2030, 0, 2, 3, 4, 5, 678),
  updatedAtMs: 0,
}

test('a user is shown without digest, number or version', () => {
  const view = userView(USER, [])
  assert.doesNotMatch(JSON.stringify(view), /canary|"id"|version/)
  assert.equal(view.referral_uid, 'ID0000000003')
  assert.equal('csrf_token' in view, false)
})
test('instants are ISO 8601 to the second', () => {
  const { created_at, updated_at } = userView(USER, [])
  assert.deepEqual([created_at, updated_at], ['2030-01-02T03:04:05Z', '1970-01-01T00:00:00Z'])
})
test('a session is shown without its CSRF token, and never idles past its end', () => {
  const address = { family: 4, a: 0, b: 0, c: 0, d: 1, text: '0.0.0.1' } as const
  const ends = { createdAtMs: 0, endsAtMs: 10_000, generation: 0 }
  const session = { hash: 'h', uid: 'u', csrfToken: 'canary', userAgent: '', address, ...ends }
  const view = sessionView({ session, idleAtMs: 99_000 }, 'other')
  assert.doesNotMatch(JSON.stringify(view), /canary/)
  assert.deepEqual([view.current, view.idle_at], [false, '1970-01-01T00:00:10Z'])
})
test('a permission is shown field by field', () => {
  const row = { id: 1, role: 'r', verb: 'GET', path: 'p', action: 'DROP', topic: null } as const
  assert.deepEqual(permissionView({ ...row, extra: 1 } as typeof row), row)
})
