import type { Row } from './row.ts'

const VERIFIER = 'test/crypto/verifier.test.ts'

/** Group H: tokens and the keys that sign them. */
export const TOKENS: readonly Row[] = [
  {
    no: 141,
    name: 'a token without a signature',
    proofs: [
      [VERIFIER, 'is no token'],
      [VERIFIER, "alg: 'none'"],
    ],
  },
  {
    no: 142,
    name: 'a public key used as an HMAC secret',
    proofs: [[VERIFIER, 'a public key is no HMAC secret, in whatever spelling']],
  },
  {
    no: 143,
    name: 'the algorithm of another key',
    proofs: [
      [VERIFIER, 'a well signed header with'],
      ['test/crypto/algorithm.test.ts', 'RS256 and PS256 of one key do not accept each other'],
    ],
  },
  {
    no: 145,
    name: 'a header that brings its own key',
    proofs: [
      [VERIFIER, "{ name: 'jku', change"],
      [VERIFIER, "{ name: 'jwk', change"],
    ],
  },
  {
    no: 146,
    name: 'extensions that must be understood',
    proofs: [[VERIFIER, "{ name: 'crit', change"]],
  },
  {
    no: 148,
    name: 'a token of one purpose used for another',
    proofs: [
      ['test/identity/email-codes.test.ts', 'a reset code confirms no address'],
      [VERIFIER, 'sub of a reset'],
    ],
  },
  {
    no: 149,
    name: 'audiences and issuers that nearly match',
    proofs: [
      [VERIFIER, 'aud that contains ours'],
      [VERIFIER, 'iss with a slash'],
    ],
  },
  {
    no: 150,
    name: 'instants that are no whole seconds',
    proofs: [
      [VERIFIER, 'exp with a fraction'],
      [VERIFIER, 'iat as text'],
    ],
  },
  {
    no: 151,
    name: 'clocks that differ',
    proofs: [['test/crypto/lifetime.test.ts', 'no lifetime begins after now, ends after its end']],
  },
  {
    no: 152,
    name: 'encrypted and compressed tokens',
    proofs: [
      [VERIFIER, "{ name: 'zip', change"],
      [VERIFIER, 'five parts, as an encrypted'],
    ],
  },
  {
    no: 156,
    name: 'a remembered token beyond the life of what it speaks of',
    proofs: [
      ['test/authorizer/grants.test.ts', 'a token is handed out again until half its life is over'],
      [
        'test/authorizer/grants.test.ts',
        'near the end of a session the half is that of what is left',
      ],
    ],
  },
  {
    no: 157,
    name: 'a key that signs before it is known',
    proofs: [
      [
        'test/crypto/key-rotation.test.ts',
        'no token is refused while keys rotate under slow workers',
      ],
    ],
  },
  {
    no: 158,
    name: 'two writers of one keyring, and files that cannot be read',
    proofs: [
      ['test/crypto/key-rotation.test.ts', 'two rotations at once make one new key'],
      ['test/crypto/key-file.test.ts', 'is refused with the command to run'],
    ],
  },
  {
    no: 159,
    name: 'secrets in the published set',
    proofs: [['test/crypto/keyring.test.ts', 'keys without a secret and without doubles']],
  },
  {
    no: 160,
    name: 'token ids that repeat, and names that objects inherit',
    proofs: [
      ['test/crypto/random.test.ts', 'a jti is 20 lower-case hex digits and does not come twice'],
      [
        'test/authorizer/claims.test.ts',
        'whatever a principal is called, the claims are those of the list',
      ],
    ],
  },
  {
    no: 161,
    name: 'published vectors',
    absent: 'no vectors of others are kept here; fuzzers compare with two other implementations',
  },
  {
    no: 162,
    name: 'RS256 unless told otherwise',
    proofs: [['docs/tokens.md', '| `EdDSA` | Ed25519 | the default |']],
  },
]

/** Group I: signing in. Most of it is the identity API's, and is named here for completeness. */
export const LOGINS: readonly Row[] = [
  {
    no: 169,
    name: 'a one-time code used twice',
    proofs: [['test/identity/otp.test.ts', 'of logins at once with one code one opens a session']],
  },
  {
    no: 170,
    name: 'a one-time code of another time',
    proofs: [['test/identity/otp.test.ts', 'a code counts once, and only up to one step beside']],
  },
  {
    no: 164,
    name: 'answers that tell who has an account',
    proofs: [
      [
        'test/identity/sessions.test.ts',
        'a wrong password and an unknown address are answered alike',
      ],
      [
        'test/identity/password-codes.test.ts',
        'asking is answered alike for known, banned, unknown',
      ],
    ],
  },
  {
    no: 165,
    name: 'limits that a spelling dodges',
    proofs: [
      [
        'test/identity/sessions.test.ts',
        'too many wrong passwords for an address wait, taken or not, in any case',
      ],
    ],
  },
  {
    no: 166,
    name: 'limits used to lock an owner out',
    proofs: [
      ['test/identity/limits.test.ts', 'strangers who use up an account do not lock its owner out'],
    ],
  },
  {
    no: 167,
    name: 'one guess at each of many accounts',
    proofs: [
      ['test/identity/limits.test.ts', 'a network admits so many failed logins, over all accounts'],
    ],
  },
  ...[173, 174, 176].map((no) => ({
    ...{
      no,
      name: 'somebody else’s identity provider',
      absent: 'there is no login through another provider',
    },
  })),
  {
    no: 177,
    name: 'an administrator who promotes himself or a peer',
    proofs: [
      [
        'test/identity/endpoints.test.ts',
        'every role at every guarded endpoint, at both addresses',
      ],
      ['test/identity/admin-users.test.ts', 'nobody changes one’s own state or role'],
      [
        'test/identity/admin-users.test.ts',
        'two superadmins who demote each other at once leave one',
      ],
    ],
  },
  {
    no: 178,
    name: 'the first user who comes along',
    proofs: [['test/identity/administrator.test.ts', 'the administrator is an active superadmin']],
  },
  {
    no: 180,
    name: 'text that means something to a store or a log',
    proofs: [
      ['test/telemetry/log.test.ts', 'no client can begin a line or move the terminal’s cursor'],
      ['test/store/postgres.test.ts', 'numbers, text, truth and null go there and back'],
    ],
  },
  {
    no: 181,
    name: 'long and odd passwords',
    proofs: [
      ['test/identity/password.test.ts', 'a difference after 72 bytes'],
      ['test/identity/password.test.ts', 'a password may have 1024 bytes and not 1025'],
    ],
  },
  {
    no: 182,
    name: 'a flood of passwords',
    proofs: [
      [
        'test/identity/password.test.ts',
        'beyond what runs and what waits, a caller is told to come back',
      ],
    ],
  },
]
