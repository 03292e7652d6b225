interface ReasonRow {
  /** The status where a gateway can pass it on; nginx hears 401 or 403 instead. */
  readonly status: number
  /** What an operator reads in docs/reasons.md. */
  readonly means: string
  /** What the operator or client does next. */
  readonly remedy: string
}

/**
 * Every public refusal, in order of precedence. A code is public: never renamed, never reused.
 * Codes up to the blank line guard the door; the rest are Barong's words, order and statuses.
 */
export const REASONS = {
  'authz.untrusted_gateway': {
    status: 403,
    means: 'The caller is not one of the trusted gateways; nothing of its request was read.',
    remedy: 'Add the gateway’s address to DVARA_TRUSTED_GATEWAYS, or use the unix socket.',
  },
  'authz.malformed_check': {
    status: 403,
    means: 'A header that this gateway must send is missing, repeated or unreadable.',
    remedy: 'Compare the gateway’s configuration with docs/gateways.',
  },
  'authz.reserved_header': {
    status: 403,
    means: 'The client sent a header that only the authorizer may set, or an alias of one.',
    remedy: 'Nothing: a well-meant client does not send it. Drop it at the gateway if one must.',
  },
  'authz.unsupported_method': {
    status: 403,
    means: 'The method is not an upper-case token of at most 20 letters.',
    remedy: 'Send a method as RFC 9110 §9.1 spells it.',
  },
  'authz.ambiguous_path': {
    status: 403,
    means: 'The path has more than one reading (dot segments, //, \\, encoded separators, …).',
    remedy: 'Send the plain spelling of the path.',
  },
  'authz.unavailable': {
    status: 403,
    means: 'It could not be decided now: a store is away, or memory of it is too old to believe.',
    remedy: 'Retry; operators find the cause in the log and in dvara_store_faults_total.',
  },

  'authz.restrict.maintenance': {
    status: 471,
    means: 'A maintenance restriction holds for this address; the status is the restriction’s own.',
    remedy: 'Wait until it is over; administrators add a whitelist restriction to work meanwhile.',
  },
  'authz.restrict.blacklist': {
    status: 401,
    means: 'A blacklist restriction names this address or place; the status is its own.',
    remedy: 'An administrator removes it, or puts a whitelist restriction before it.',
  },
  'authz.restrict.blocklogin': {
    status: 401,
    means: 'Nobody may sign in from this address or place now; the status is the restriction’s.',
    remedy: 'Sign in from elsewhere, or ask an administrator to disable the restriction.',
  },
  'authz.permission_denied': {
    status: 401,
    means: 'The path is blocked: it is never reachable from outside.',
    remedy: 'Use another path; the policy file lists blocked prefixes.',
  },
  'authz.rate_limited.address': {
    status: 429,
    means: 'The client’s address sent more than DVARA_RATE_PER_ADDRESS; no credential was read.',
    remedy: 'Wait as long as Retry-After says; send fewer requests, or fewer wrong credentials.',
  },
  'authz.invalid_api_key_headers': {
    status: 422,
    means: 'Some but not all of X-Auth-Apikey, X-Auth-Nonce, X-Auth-Signature carry a value.',
    remedy: 'Send all three, or none.',
  },
  'authz.unexistent_apikey': {
    status: 401,
    means: 'No API key has this id.',
    remedy: 'Create a key, or sign in with a session.',
  },
  'authz.nonce_not_valid_timestamp': {
    status: 401,
    means: 'X-Auth-Nonce is no time in milliseconds (version 2: exactly 13 digits).',
    remedy: 'Send the milliseconds since 1970.',
  },
  'authz.nonce_expired': {
    status: 401,
    means: 'X-Auth-Nonce is too far from the server’s time: DVARA_APIKEY_NONCE_LIFETIME_MS.',
    remedy: 'Set the client’s clock, and make the nonce just before sending.',
  },
  'authz.invalid_signature': {
    status: 401,
    means: 'X-Auth-Signature is not this key’s signature of this request.',
    remedy: 'Sign what docs/api-keys.md says for the version that is sent, with this key.',
  },
  'authz.apikey_version_refused': {
    status: 401,
    means: 'X-Auth-Version is unknown, or this key takes no requests of version 1.',
    remedy: 'Sign by version 2 and send X-Auth-Version: 2.',
  },
  'authz.apikey_not_active': {
    status: 401,
    means: 'The API key was disabled, by its owner or because of its owner.',
    remedy: 'Activate it, or create another.',
  },
  'authz.apikey_expired': {
    status: 401,
    means: 'The API key is over.',
    remedy: 'Rotate the key before it ends; create another now.',
  },
  'authz.ip_not_allowed': {
    status: 401,
    means: 'The API key may not be used from this address.',
    remedy: 'Send from one of the networks of the key, or add this one to them.',
  },
  'authz.ambiguous_credential': {
    status: 401,
    means: 'The session cookie was sent more than once with different values.',
    remedy: 'Clear cookies and sign in again.',
  },
  'authz.missing_csrf_token': {
    status: 401,
    means: 'A method that changes state came without X-CSRF-Token.',
    remedy: 'Send the csrf_token that the login returned.',
  },
  'authz.csrf_token_mismatch': {
    status: 401,
    means: 'X-CSRF-Token is not the one of this session.',
    remedy: 'Sign in again and send the csrf_token of that login.',
  },
  'authz.invalid_session': {
    status: 401,
    means: 'There is no session: no cookie, or one that is unknown, revoked or over.',
    remedy: 'Sign in.',
  },
  'authz.client_session_mismatch': {
    status: 401,
    means: 'The session was idle too long, or is used from another browser or network.',
    remedy: 'Sign in again from here; the session itself is left as it was.',
  },
  'authz.user_not_active': {
    status: 401,
    means: 'The principal is banned, locked or deleted.',
    remedy: 'An administrator sets the state back to active.',
  },
  'authz.disabled_2fa': {
    status: 401,
    means: 'The owner of the API key has no second factor.',
    remedy: 'Enrol one; keys of service accounts need none.',
  },
  'authz.apikey_scope_not_allowed': {
    status: 401,
    means: 'The request is outside the scopes of the API key.',
    remedy: 'Use a key with a scope for this method and path.',
  },
  'authz.invalid_permission': {
    status: 401,
    means: 'No rule accepts this role, method and path, or one drops it.',
    remedy: 'Add a permission row; dvara’s admin API lists those in force.',
  },
  'authz.rate_limited.key': {
    status: 429,
    means: 'The API key has sent more than its own rate, or than DVARA_RATE_PER_KEY.',
    remedy: 'Wait as long as Retry-After says; an administrator can raise the rate of the key.',
  },
  'authz.rate_limited.principal': {
    status: 429,
    means:
      'The principal has sent more than DVARA_RATE_PER_PRINCIPAL, by all credentials together.',
    remedy: 'Wait as long as Retry-After says.',
  },
  'authz.rate_limited.route': {
    status: 429,
    means: 'More requests than the policy file’s `limits` take on for this part of the site.',
    remedy: 'Wait as long as Retry-After says.',
  },
  'authz.nonce_used': {
    status: 401,
    means: 'A request with this nonce has passed before, or it might have before a restart.',
    remedy: 'Make every nonce greater than the last, and sign the request again with a new one.',
  },
  'authz.nonces_exhausted': {
    status: 429,
    means: 'So many requests of this key passed lately that no more nonces can be remembered.',
    remedy: 'Send more slowly, or share the work among several keys.',
  },
} as const satisfies Record<string, ReasonRow>

export type Reason = keyof typeof REASONS
