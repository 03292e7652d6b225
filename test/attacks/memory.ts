import type { Row } from './row.ts'

/** Group J: what is remembered, and what can be sent to fill it. */
export const MEMORY: readonly Row[] = [
  {
    no: 183,
    name: 'an answer remembered for another question',
    proofs: [
      [
        'test/fuzz/decide/decide.ts',
        'the whole corridor, in every dialect, against the plain reference',
      ],
    ],
  },
  {
    no: 184,
    name: 'a refusal remembered beyond its time',
    proofs: [['test/authorizer/authorize.test.ts', 'an unknown session is refused']],
  },
  {
    no: 186,
    name: 'keys that collide on purpose',
    proofs: [
      ['test/authorizer/authorize.test.ts', 'a forged cookie never reaches the store'],
      ['test/store/redis.test.ts', 'all keys are in one slot, and none can be used as a cookie'],
    ],
  },
  {
    no: 187,
    name: 'everybody asking for the same thing at once',
    proofs: [
      ['test/cache/flight.test.ts', 'whoever asks while a load is under way gets its answer'],
      ['test/cache/flight.test.ts', 'beyond its bound a miss is refused at once'],
    ],
  },
  {
    no: 188,
    name: 'more to remember than there is room for',
    proofs: [['test/cache/table.test.ts', 'beyond its size the least recently used entry goes']],
  },
  {
    no: 189,
    name: 'a revocation that is pushed out of memory',
    proofs: [['test/cache/ring.test.ts', 'what falls off the ring raises its floor']],
  },
  {
    no: 191,
    name: 'a record copied under another key',
    proofs: [['test/store/record.test.ts', 'garbage: a principal under another uid']],
  },
  {
    no: 192,
    name: 'replies that answer another question',
    proofs: [
      [
        'test/store/redis.test.ts',
        'a Redis that hangs is a fault in time, and answers again afterwards',
      ],
      ['test/store/record.test.ts', 'random bytes are garbage'],
    ],
  },
  {
    no: 194,
    name: 'compressed bodies',
    proofs: [['test/identity/server.test.ts', 'a type that is not taken']],
  },
  {
    no: 195,
    name: 'bodies that are deep, wide or long',
    proofs: [
      ['test/identity/body.test.ts', 'depth is counted as the parsed value has it'],
      ['test/identity/server.test.ts', 'a body of 65 KiB'],
    ],
  },
  {
    no: 196,
    name: 'a flooded log',
    proofs: [
      ['test/telemetry/log.test.ts', 'one field cannot make a line long'],
      ['test/telemetry/say-at-most.test.ts', 'keys without end take no memory without end'],
    ],
  },
  {
    no: 197,
    name: 'metrics that grow with what clients send',
    proofs: [
      [
        'test/telemetry/metric-table.test.ts',
        'the number of series is bounded, whatever clients send',
      ],
    ],
  },
]

/** Group K: what fails open elsewhere, and the weaknesses of what this replaces. */
export const FAILURES: readonly Row[] = [
  {
    no: 198,
    name: 'an authorizer that errs, hangs or is gone',
    proofs: [
      ['test/gateways/failures.ts', 'while the authorizer hangs nothing passes'],
      [
        'test/gateways/failures.ts',
        'without the authorizer nothing passes, not even what is public',
      ],
      [
        'test/gateway/conformance.test.ts',
        'authorize that throws, rejects or answers rubbish is a 403',
      ],
      [
        'test/core/reason.test.ts',
        'no reason is a server error: a gateway may turn one into an allow',
      ],
    ],
  },
  {
    no: 199,
    name: 'header values that are not UTF-8',
    proofs: [['test/gateway/dialect.test.ts', 'nothing that a header holds makes it throw']],
  },
  {
    no: 200,
    name: 'what Envoy takes for an allow',
    proofs: [
      [
        'test/gateway/reply.test.ts',
        'an allow is 200 without a body, and leaves the identity headers to the grant',
      ],
    ],
  },
  {
    no: 201,
    name: 'what the other gateways take for an allow',
    proofs: [['test/gateway/reply.test.ts', 'is a refusal that every gateway passes on']],
  },
  {
    no: 202,
    name: 'a denial that still reaches the upstream',
    proofs: [['test/gateways/stand.ts', 'the upstream was asked']],
  },
  {
    no: 203,
    name: 'a gateway’s configuration that undoes the check',
    absent: 'the shipped configurations are tested through real gateways; others are not read',
  },
  {
    no: 205,
    name: 'a policy file that is broken or empty',
    proofs: [
      [
        'test/authorizer/policy.test.ts',
        'a replaced file is in force soon after, and a broken one changes nothing',
      ],
      ['test/core/route.test.ts', 'an empty mapping is refused'],
    ],
  },
  {
    no: 206,
    name: 'stores that are down, slow or talk rubbish',
    proofs: [
      [
        'test/process/outage.test.ts',
        'without Redis what is remembered lasts as long as the lease',
      ],
      ['test/process/outage.test.ts', 'without Postgres authorizers go on'],
      ['test/process/outage.test.ts', 'kill -9 of both stores'],
    ],
  },
  {
    no: 208,
    name: 'a client’s bearer on a path that passes without one',
    proofs: [['test/gateways/hostile.ts', 'a client’s own Authorization never arrives']],
  },
  {
    no: 209,
    name: 'a public prefix that is the beginning of another word',
    attempts: [
      {
        as: 'guest',
        target: '/api/v2/barong/publicly-secret',
        expect: 'authz.invalid_session',
      },
      { as: 'guest', target: '/api/v2/barong/public/ping', expect: 'anyone' },
    ],
  },
  {
    no: 210,
    name: 'a request under way that revives a session',
    proofs: [['test/store/facts.test.ts', 'a touch during a logout never brings the session back']],
  },
  {
    no: 211,
    name: 'a login by an address that nobody proved',
    absent: 'there is no login through another provider',
  },
  {
    no: 212,
    name: 'a permission remembered for minutes',
    proofs: [
      ['test/process/outage.test.ts', 'a permission row is in force soon after it was written'],
      [
        'test/authorizer/authorize.test.ts',
        'rows known to have changed are compiled before anything is allowed',
      ],
    ],
  },
  {
    no: 213,
    name: 'a verb of one’s own that skips CSRF and matches ALL',
    attempts: [
      { as: 'admin', target: '/api/v2/x', method: 'FOO', expect: 'authz.missing_csrf_token' },
      {
        as: 'admin',
        target: '/api/v2/x',
        method: 'FOO',
        lines: [['X-CSRF-Token', 'bbbbbbbbbbbbbbbbbbbb']],
        expect: 'authz.invalid_permission',
      },
    ],
  },
  {
    no: 214,
    name: 'a thief’s request that ends the owner’s session',
    proofs: [
      [
        'test/core/decide.test.ts',
        'a session is used by what passes and by what its role alone refuses',
      ],
      ['docs/threat-model.md', 'A mismatch refuses the thief and leaves the owner'],
    ],
  },
]
