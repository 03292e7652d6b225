import type { Row } from './row.ts'
import { AGENT, IDLE_MS, SESSION_IDS } from './world.ts'

const ORDERS = '/api/v2/orders'

/** Group F: how sessions begin, are bound, and end. */
export const SESSIONS: readonly Row[] = [
  {
    no: 103,
    name: 'an id that was planted before a login',
    proofs: [['test/identity/sessions.test.ts', 'an id planted before the login is never used']],
  },
  {
    no: 104,
    name: 'an id that outlives a change of what its user may do',
    proofs: [
      ['test/identity/admin-users.test.ts', 'a new role ends every session'],
      [
        'test/identity/me.test.ts',
        'a changed password ends every other session and keeps this one',
      ],
    ],
  },
  {
    no: 106,
    name: 'a use that arrives after the end',
    proofs: [
      ['test/store/facts.test.ts', 'a touch during a logout never brings the session back'],
      ['test/store/facts.test.ts', 'touch extends, never shortens, never creates'],
    ],
  },
  {
    no: 108,
    name: 'a login that races with a reset of the password',
    proofs: [
      ['test/identity/sessions.test.ts', 'a login overtaken by a password reset fails'],
      ['test/store/sql-sessions.test.ts', 'a login that began before all sessions were ended'],
    ],
  },
  {
    no: 109,
    name: 'the instant at which a session has been idle too long',
    attempts: [
      { as: 'member', target: ORDERS, afterMs: IDLE_MS - 1, expect: 'allow' },
      { as: 'member', target: ORDERS, afterMs: IDLE_MS, expect: 'authz.client_session_mismatch' },
      {
        as: 'member',
        target: ORDERS,
        afterMs: IDLE_MS + 1,
        expect: 'authz.client_session_mismatch',
      },
      { as: 'member', target: ORDERS, afterMs: -5000, expect: 'allow' },
    ],
  },
  {
    no: 110,
    name: 'the end that no use moves',
    proofs: [
      ['test/authorizer/touch.test.ts', 'a deadline never passes the end of the session'],
      ['test/core/decide.test.ts', 'a session ends at its instant, not after it'],
    ],
  },
  {
    no: 111,
    name: 'a ban or a role that changes under a remembered session',
    proofs: [
      ['test/process/outage.test.ts', 'a ban is in force when it is acknowledged'],
      ['test/process/outage.test.ts', 'a changed role counts from the next check on'],
    ],
  },
  {
    no: 113,
    name: 'a stolen cookie',
    attempts: [
      {
        as: 'member',
        target: ORDERS,
        client: '203.0.113.9',
        expect: 'authz.client_session_mismatch',
      },
      {
        as: 'guest',
        target: ORDERS,
        isBare: true,
        lines: [
          ['Cookie', `dvara_session=${SESSION_IDS.member}`],
          ['User-Agent', 'another'],
        ],
        expect: 'authz.client_session_mismatch',
      },
      { as: 'member', target: ORDERS, expect: 'allow' },
    ],
  },
  {
    no: 114,
    name: 'sessions without number',
    proofs: [['test/identity/sessions.test.ts', 'a login beyond the cap ends the oldest session']],
  },
  {
    no: 115,
    name: 'ids that can be guessed or found in a store',
    attempts: [
      ...['N', 'm', 'L'].map((letter) => ({
        as: 'guest' as const,
        target: ORDERS,
        lines: [['Cookie', `dvara_session=${'M'.repeat(67)}${letter}`] as const],
        expect: 'authz.invalid_session',
      })),
      ...[
        '',
        'x',
        SESSION_IDS.member.slice(1),
        `${SESSION_IDS.member}M`,
        `"${SESSION_IDS.member}"`,
      ].map((value) => ({
        as: 'guest' as const,
        target: ORDERS,
        isBare: true,
        lines: [['Cookie', `dvara_session=${value}`] as const, ['User-Agent', AGENT] as const],
        expect: 'authz.invalid_session',
      })),
    ],
  },
  {
    no: 117,
    name: 'answers that somebody keeps',
    proofs: [
      ['test/gateways/stand.ts', "'cache-control'), ['no-store']"],
      ['test/identity/server.test.ts', 'every reply forbids storing, framing and sniffing'],
    ],
  },
  {
    no: 118,
    name: 'a stream that was opened before the logout',
    proofs: [
      ['docs/threat-model.md', 'A WebSocket or event stream is checked once, at its handshake'],
      ['test/gateways/access.ts', 'a WebSocket is checked at its handshake'],
    ],
  },
  {
    no: 119,
    name: 'a redirect where a program expects a status',
    absent: 'the authorizer never redirects',
  },
]

/** Group G: what is signed with API keys. */
export const KEYS: readonly Row[] = [
  {
    no: 124,
    name: 'a clock that is set back does not bring a nonce to life',
    proofs: [
      ['test/store/twin-nonces.test.ts', 'no nonce is ever burned twice, however the clock goes'],
    ],
  },
  {
    no: 135,
    name: 'a key that is made for somebody else, or without a second factor',
    proofs: [
      ['test/identity/own-keys.test.ts', 'every write asks for a second factor, a code'],
      ['test/identity/own-keys.test.ts', 'what a key may be limited to is read strictly'],
    ],
  },
  {
    no: 139,
    name: 'a digest of a body that the authorizer never sees is covered by the signature',
    proofs: [
      ['test/core/signed-request.test.ts', 'version 2 signs every field behind its length'],
      ['test/authorizer/api-keys.test.ts', 'any change of one field is refused'],
    ],
  },
  {
    no: 171,
    name: 'the state between password and code',
    absent: 'a login is one request: there is nothing between its two proofs',
  },
  {
    no: 172,
    name: 'a second factor enabled again, read again, or disabled with a session alone',
    proofs: [
      ['test/identity/otp.test.ts', 'a second factor is enabled by a code of it'],
      ['test/identity/otp.test.ts', 'disabling takes a code, and makes keys inactive'],
      ['test/identity/otp.test.ts', 'the seed comes as a link and as a PNG, and is at rest only'],
    ],
  },
  {
    no: 179,
    name: 'restrictions that keep everybody out, and the whitelist before them',
    proofs: [
      ['test/authorizer/restricted.test.ts', 'whitelist beats maintenance'],
      ['test/command/policy.test.ts', 'diff: restrictions are tried'],
      ['test/command/restrictions.test.ts', 'who is kept out altogether is let in again'],
    ],
  },
  {
    no: 120,
    name: 'a signed request sent again',
    proofs: [
      ['test/authorizer/api-keys.test.ts', 'is used up by exactly one of many that come at once'],
      [
        'test/authorizer/api-keys.test.ts',
        'is good once; that of one that changes nothing is good while it lives',
      ],
    ],
  },
  {
    no: 121,
    name: 'a signature moved to another request',
    proofs: [
      ['test/authorizer/api-keys.test.ts', 'any change of one field is refused'],
      ['test/core/signed-request.test.ts', 'two different requests never have the same form'],
    ],
  },
  {
    no: 123,
    name: 'nonces that are no instant',
    proofs: [
      ['test/core/signed-request.test.ts', 'a nonce of version 2 has exactly thirteen digits'],
    ],
  },
  {
    no: 130,
    name: 'an algorithm that the request chooses',
    proofs: [['test/authorizer/api-keys.test.ts', 'no key of another algorithm takes it']],
  },
  {
    no: 132,
    name: 'key ids that are none',
    proofs: [
      ['test/core/signed-request.test.ts', 'a key id is short and plain, or is asked of no store'],
      [
        'test/authorizer/api-keys.test.ts',
        'a name that objects know by themselves is an unknown key',
      ],
    ],
  },
  {
    no: 134,
    name: 'a key revoked while it is used',
    proofs: [
      [
        'test/authorizer/api-keys.test.ts',
        'does not save a key that was revoked while it was used up',
      ],
    ],
  },
  {
    no: 138,
    name: 'a flood of wrong signatures',
    proofs: [['test/authorizer/api-keys.test.ts', 'is answered after the same work']],
  },
  {
    no: 140,
    name: 'nonces that cannot be used up',
    proofs: [['test/authorizer/api-keys.test.ts', 'cannot be used up while the store is away']],
  },
  {
    no: 207,
    name: 'the old protocol’s signature on another path',
    proofs: [['test/authorizer/api-keys.test.ts', 'any change of one field is refused']],
  },
  {
    no: 128,
    name: 'Ed25519 in odd encodings',
    proofs: [
      ['test/fuzz/ed25519.ts', 'ed25519-forged'],
      [
        'test/crypto/ed25519-verifier.test.ts',
        'a small-order R that satisfies the equation is refused',
      ],
    ],
  },
  {
    no: 127,
    name: 'ECDSA in odd encodings',
    proofs: [
      [
        'test/crypto/p256-verifier.test.ts',
        'a signature of any length but 64 is refused, and so is DER',
      ],
      ['test/crypto/p256-verifier.test.ts', 'r and s out of their range are refused'],
    ],
  },
  {
    no: 129,
    name: 'RSA with short keys and sloppy padding',
    proofs: [['test/crypto/jwk.test.ts', 'an RSA modulus of 1024 bits']],
  },
  {
    no: 126,
    name: 'MACs of other lengths, and the time a comparison takes',
    proofs: [
      ['test/crypto/hmac.test.ts', 'a MAC as bytes that is short, long or empty is refused'],
      ['bench/timing/subjects.ts', 'hmac'],
    ],
  },
  {
    no: 136,
    name: 'secrets in what is written',
    proofs: [
      ['test/telemetry/log.test.ts', 'the log does not show'],
      ['test/store/redis.test.ts', 'a fault never carries what was being written'],
    ],
  },
  {
    no: 137,
    name: 'a sealed secret moved to another row',
    proofs: [
      ['test/crypto/envelope.test.ts', 'a secret does not open for'],
      ['test/store/key-record.test.ts', 'a key that lies under a foreign kid is garbage'],
    ],
  },
]
