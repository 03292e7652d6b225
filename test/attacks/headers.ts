import type { Attempt, Row } from './row.ts'

const ORDERS = '/api/v2/orders'
const ADMIN = '/api/v2/admin/users'

/** Lines that a client may add, none of which may change anything. */
function unheard(lines: readonly (readonly [string, string])[]): Attempt[] {
  return lines.flatMap((line): Attempt[] => [
    { as: 'guest', target: ADMIN, lines: [line], expect: 'authz.invalid_session' },
    { as: 'member', target: ADMIN, lines: [line], expect: 'authz.invalid_permission' },
    { as: 'member', target: ORDERS, lines: [line], expect: 'allow' },
  ])
}

function reserved(names: readonly string[]): Attempt[] {
  return names.flatMap((name): Attempt[] =>
    [ORDERS, '/api/v2/public/x'].map((target) => ({
      ...{ as: 'member', target, lines: [[name, 'admin']], expect: 'authz.reserved_header' },
    })),
  )
}

/** Groups B and C: who may say what is asked, and what reaches the upstream. */
export const HEADERS: readonly Row[] = [
  {
    no: 42,
    name: 'an IPv6 client where only IPv4 is restricted',
    proofs: [
      ['test/fuzz/decide/draw-world.ts', '::ffff:198.51.100.0/120'],
      ['test/core/restriction.test.ts', 'compiled restrictions agree with a linear scan'],
    ],
  },
  {
    no: 43,
    name: 'a place that cannot be looked up',
    proofs: [
      ['test/core/restriction.test.ts', 'who would have to be placed is refused'],
      ['test/core/restriction.test.ts', 'a whitelist of places opens for nobody'],
    ],
  },
  {
    no: 33,
    name: 'a caller that is no gateway',
    proofs: [
      [
        'test/gateway/conformance.test.ts',
        'who is no trusted gateway is refused before anything is read',
      ],
      [
        'test/config/settings-authorizer.test.ts',
        'nothing listens beyond this machine unless told to',
      ],
    ],
  },
  {
    no: 34,
    name: 'the headers of another gateway',
    proofs: [
      ['test/gateway/conformance.test.ts', 'other dialects’ headers are ignored'],
      [
        'test/gateways/hostile.ts',
        'a client cannot tell the authorizer what it asks for, nor from where',
      ],
    ],
  },
  {
    no: 35,
    name: 'a gateway’s header that was taken away',
    proofs: [
      ['test/gateway/conformance.test.ts', 'the check is malformed'],
      ['test/gateways/hostile.ts', 'Connection: close, X-Forwarded-Uri'],
    ],
  },
  {
    no: 38,
    name: 'headers that rewrite the target elsewhere',
    attempts: unheard([
      ['X-Original-URL', '/api/v2/public'],
      ['X-Rewrite-URL', '/api/v2/public'],
      ['X-Override-URL', '/api/v2/public'],
      ['X-HTTP-DestinationURL', 'http://a/api/v2/public'],
    ]),
  },
  {
    no: 39,
    name: 'a chain of addresses with lies in it',
    proofs: [
      ['test/core/network.test.ts', '200 claimed entries do not hide the client'],
      ['test/core/network.test.ts', 'nothing that a client prepends changes whom we take it for'],
      ['test/core/network.test.ts', 'an empty entry on the way gives the peer'],
    ],
  },
  {
    no: 40,
    name: 'headers that name an address elsewhere',
    attempts: [
      ...unheard([
        ['True-Client-IP', '203.0.113.1'],
        ['CF-Connecting-IP', '203.0.113.1'],
        ['Client-IP', '203.0.113.1'],
        ['Forwarded', 'for=203.0.113.1'],
      ]),
      {
        as: 'member',
        target: ORDERS,
        client: '203.0.113.1',
        lines: [['True-Client-IP', '198.51.100.7']],
        expect: 'authz.client_session_mismatch',
      },
    ],
  },
  {
    no: 46,
    name: 'the names of health checkers',
    attempts: ['GoogleHC/1.0', 'kube-probe/1.29', 'ELB-HealthChecker/2.0'].map((agent) => ({
      as: 'guest',
      target: ADMIN,
      isBare: true,
      lines: [['User-Agent', agent]],
      expect: 'authz.invalid_session',
    })),
  },
  {
    no: 47,
    name: 'the authorizer’s own address, asked by a client',
    proofs: [
      ['test/gateways/hostile.ts', 'neither the authorizer nor what operators see is within reach'],
      ['test/gateways/nginx.test.ts', 'the location that asks is not there for clients'],
    ],
  },
  {
    no: 48,
    name: 'what operators see, asked by a client',
    proofs: [
      ['test/gateways/hostile.ts', 'neither the authorizer nor what operators see is within reach'],
    ],
  },
  {
    no: 49,
    name: 'a bearer token of the client on a public path',
    proofs: [['test/gateways/hostile.ts', 'a client’s own Authorization never arrives']],
  },
  {
    no: 50,
    name: 'a bearer token of the client beside a session',
    attempts: unheard([['Authorization', 'Bearer forged.by.client']]),
  },
  {
    no: 51,
    name: 'headers in which upstreams look for an identity',
    attempts: reserved([
      ...['X-Auth-User', 'X-Dvara-Uid', 'X-Dvara-User', 'Remote-User', 'X-Forwarded-User'],
      ...['X-Forwarded-Groups', 'X-Forwarded-Email', 'X-Authentik-Username', 'X_Auth_User'],
      ...['X.Auth.User', 'Remote_Groups', 'x_dvara-role', 'X-Remote-User'],
    ]),
  },
  {
    no: 53,
    name: 'an attribute of an identity that we leave empty',
    proofs: [
      ['test/gateway/conformance.test.ts', 'nobody’s grant carries the identity headers empty'],
      [
        'test/core/identity-lines.test.ts',
        'each identity header stands there once, with its value',
      ],
    ],
  },
  {
    no: 55,
    name: 'a record that cannot be read',
    proofs: [
      ['test/authorizer/authorize.test.ts', 'a store fault is a refusal with its own reason'],
      ['test/fuzz/wire/record.ts', 'damaged, cut, joined and foreign records are faults'],
    ],
  },
  { no: 45, name: 'a host for redirects', absent: 'the authorizer never redirects' },
  { no: 57, name: 'a line break in a redirect', absent: 'the authorizer never redirects' },
  {
    no: 58,
    name: 'an answer with our header twice',
    proofs: [
      [
        'test/core/identity-lines.test.ts',
        'each identity header stands there once, with its value',
      ],
      ['test/fuzz/wire/headers.ts', 'every grant has each identity header exactly once'],
    ],
  },
  {
    no: 59,
    name: 'a token too long for a gateway',
    absent: 'no claim of a token is longer than its column: there are no labels in it',
  },
  {
    no: 60,
    name: 'our cookie at the upstream',
    proofs: [['test/gateways/access.ts', 'foreign cookies arrive, ours does not']],
  },
  {
    no: 62,
    name: 'upgrades and trailers',
    proofs: [
      ['test/gateways/hostile.ts', 'a WebSocket handshake cannot carry an identity of its own'],
      ['test/gateways/hostile.ts', 'no other protocol can be tunnelled past the checks'],
    ],
  },
  {
    no: 63,
    name: 'a header that says two things',
    attempts: [
      ...unheard([['X-Role', 'user,admin']]),
      {
        as: 'member',
        method: 'POST',
        target: ORDERS,
        lines: [
          ['X-CSRF-Token', 'aaaaaaaaaaaaaaaaaaaa'],
          ['X-CSRF-Token', 'aaaaaaaaaaaaaaaaaaaa'],
        ],
        expect: 'authz.csrf_token_mismatch',
      },
      {
        as: 'member',
        target: ORDERS,
        lines: [
          ['X-Auth-Apikey', 'a'],
          ['X-Auth-Apikey', 'a'],
          ['X-Auth-Nonce', '1'],
          ['X-Auth-Signature', 'a'],
        ],
        expect: 'authz.invalid_api_key_headers',
      },
    ],
  },
]
