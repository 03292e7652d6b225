import type { Proof } from '../attacks/row.ts'
import type { Case } from './case.ts'

const RESTRICTIONS = 'test/identity/admin-restrictions.test.ts'
const POLICY = 'test/identity/admin-policy.test.ts'
const KEYS = 'test/identity/own-keys.test.ts'
const ACCOUNTS = 'test/identity/admin-accounts.test.ts'
const SESSIONS = 'test/identity/sessions.test.ts'
const STORED_SESSIONS = 'test/store/sql-sessions.test.ts'
const STORED_KEYS = 'test/store/sql-api-keys.test.ts'

const NO_MANAGEMENT = 'there is no management API: what it does is in the admin API'
const NO_CAPTCHA = 'captchas are a gateway’s; guessing is limited by address and account'

function proved(no: number, name: string, ...proofs: readonly Proof[]): Case {
  return { no, name, proofs }
}

/** What the identity API promises: each is asked of it in the test that is named. */
export const IDENTITY: readonly Case[] = [
  proved(
    116,
    'sessions are listed, ended one by one, and all but the current one',
    ['test/identity/own-sessions.test.ts', 'all but the current session can be ended at once'],
    [STORED_SESSIONS, 'of many who end a session one is told that it did'],
    [STORED_SESSIONS, 'ending all but one keeps that one, at the new generation'],
    ['test/store/facts.test.ts', 'touch extends, never shortens, never creates'],
  ),
  proved(
    117,
    'restrictions that are malformed or missing',
    [RESTRICTIONS, 'admin.restriction.invalid_state'],
    [RESTRICTIONS, 'admin.restriction.invalid_category'],
    [RESTRICTIONS, 'admin.restriction.doesnt_exist'],
    [RESTRICTIONS, 'invalid_expire'],
  ),
  proved(
    118,
    'permissions are listed, made, changed and removed',
    [POLICY, 'a row is added in upper case, changed, listed and removed'],
    [POLICY, 'a change is held to the same rules as a new row'],
  ),
  proved(
    119,
    'a verb, an action or a role that is none',
    [POLICY, 'admin.permissions.invalid_verb'],
    [POLICY, 'admin.permissions.invalid_action'],
    [POLICY, 'admin.permission.role_doesnt_exist'],
    [POLICY, 'admin.permission.empty_action'],
    [POLICY, 'admin.permission.doesnt_exist'],
  ),
  proved(
    120,
    'one’s own keys: made with a secret that is shown once, listed, changed, removed',
    [KEYS, 'a key of HS256: kid and secret in Barong’s form, the secret shown this once'],
    [KEYS, 'a change touches what it names: a scope that is left out stays'],
    [KEYS, 'keys are listed in order and pages, and removed for good'],
  ),
  proved(
    121,
    'no second factor, no code, a wrong code',
    [KEYS, 'every write asks for a second factor, a code, and the right one'],
    [KEYS, 'resource.api_key.2fa_disabled'],
    [KEYS, 'resource.api_key.missing_totp'],
    [KEYS, 'resource.api_key.invalid_totp'],
  ),
  proved(
    122,
    'orderings and attributes that are none',
    [KEYS, 'resource.api_key.invalid_ordering'],
    [KEYS, 'resource.api_key.invalid_attribute'],
  ),
  proved(123, 'an algorithm that is none', [KEYS, 'algorithm.inclusion']),
  proved(124, 'secrets cannot be kept: no key', [KEYS, 'api_key.could_not_save_secret']),
  proved(
    125,
    'keys of service accounts, by their owner',
    [ACCOUNTS, 'its owner makes, lists, changes and removes its keys, with the own code'],
    [ACCOUNTS, 'another’s service account is as good as none, and a code is asked for'],
  ),
  proved(126, 'an administrator lists keys; of an unknown user there are none', [
    ACCOUNTS,
    'an administrator reads anybody’s keys and hears of nobody',
  ]),
  { no: 127, name: 'keys by the management API', absent: NO_MANAGEMENT },
  { no: 128, name: 'requests signed for the management API', absent: NO_MANAGEMENT },
  proved(
    129,
    'only who is active holds an active key',
    [STORED_KEYS, 'nobody else may hold an active key'],
    [KEYS, 'a pending holder hears that keys are for active ones'],
    [ACCOUNTS, 'disabling it, or taking its owner’s second factor away, ends its keys'],
  ),
  { no: 130, name: 'logins with a captcha', absent: NO_CAPTCHA },
  proved(
    131,
    'a login opens a session, with one’s own page and its token',
    [SESSIONS, 'the right password opens a session, with Barong’s full user and a CSRF token'],
    [SESSIONS, 'a pending user signs in: what it may do is for the rules and upstreams to say'],
  ),
  proved(
    132,
    'logins that are malformed, wrong, banned or not active',
    [SESSIONS, 'no parameters'],
    [SESSIONS, 'a wrong password and an unknown address are answered alike, to the byte'],
    [SESSIONS, 'user hears so only with the right password'],
  ),
  proved(
    133,
    'a logout ends the session and clears the cookie; without a session there is none',
    [SESSIONS, 'logging out ends the session and clears the cookie; again there is none'],
    [SESSIONS, 'no session to log out of'],
  ),
  { no: 134, name: 'signing in by Auth0 or by signature', absent: 'passwords alone sign in here' },
  proved(
    135,
    'a session ends when all of a user’s are ended: a new password, a second factor, a ban',
    ['test/identity/me.test.ts', 'a changed password ends every other session and keeps this one'],
    ['test/identity/otp.test.ts', 'a second factor is enabled by a code of it, and other sessions'],
    ['test/identity/admin-users.test.ts', 'a ban ends every session and is seen by the very next'],
  ),
  proved(
    136,
    'a token of RS256 is read with the public key',
    ['test/crypto/signer.test.ts', 'through the published set'],
    ['test/crypto/signer.test.ts', 'RS256'],
  ),
  proved(
    137,
    'what administrators and users did is listed for who may see it',
    [
      'test/identity/activity-log.test.ts',
      'only a superadmin sees what administrators did, and a member sees none of it',
    ],
    ['test/identity/activity-log.test.ts', 'logins, good and bad, and logouts are there'],
  ),
]
