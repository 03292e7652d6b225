import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REASONS } from '../../src/core/reason.ts'

/** Words, statuses and order that clients of Barong know by heart. */
const BARONG: readonly [code: string, status: number][] = [
  ['authz.permission_denied', 401],
  ['authz.invalid_api_key_headers', 422],
  ['authz.unexistent_apikey', 401],
  ['authz.nonce_not_valid_timestamp', 401],
  ['authz.nonce_expired', 401],
  ['authz.invalid_signature', 401],
  ['authz.apikey_not_active', 401],
  ['authz.missing_csrf_token', 401],
  ['authz.csrf_token_mismatch', 401],
  ['authz.invalid_session', 401],
  ['authz.client_session_mismatch', 401],
  ['authz.user_not_active', 401],
  ['authz.disabled_2fa', 401],
  ['authz.invalid_permission', 401],
]

test("Barong's codes stand in its order with its statuses", () => {
  const ours = Object.entries(REASONS)
    .filter(([code]) => BARONG.some(([known]) => known === code))
    .map(([code, row]) => [code, row.status])
  assert.deepEqual(ours, BARONG)
})

test('no reason is a server error: a gateway may turn one into an allow', () => {
  for (const row of Object.values(REASONS)) assert.ok(row.status >= 400 && row.status < 500)
})

test('every reason says what it means and what to do', () => {
  for (const row of Object.values(REASONS)) {
    assert.match(row.means, /^[A-Z].*\.$/)
    assert.match(row.remedy, /^[A-Z].*\.$/)
  }
})
