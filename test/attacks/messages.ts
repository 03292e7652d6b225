import type { Row } from './row.ts'
import { CSRF_TOKENS, SESSION_IDS } from './world.ts'

const ORDERS = '/api/v2/orders'

/** Group D: heads, bodies, sizes and connections. */
export const MESSAGES: readonly Row[] = [
  {
    no: 64,
    name: 'HTTP/1.0 from an nginx that was not told otherwise',
    proofs: [
      [
        'test/gateway/engine-node.test.ts',
        'HTTP/1.0, as older nginx speaks it, is answered and ended',
      ],
      ['test/gateway/survival.test.ts', 'HTTP/1.0, the default of older nginx'],
    ],
  },
  {
    no: 65,
    name: 'a cookie bomb',
    proofs: [
      [
        'test/gateways/hostile.ts',
        'an oversized request ends at the gateway, as the client’s mistake',
      ],
      ['test/gateway/survival.test.ts', 'a head of 70,000 bytes in one piece'],
      [
        'test/gateway/conformance.test.ts',
        'sixty more headers and a cookie of 20,000 bytes are read',
      ],
    ],
  },
  {
    no: 66,
    name: 'hundreds of headers',
    proofs: [
      ['test/gateway/survival.test.ts', 'a thousand lines'],
      ['test/gateway/dialect.test.ts', 'as many lines as are taken, and one more'],
    ],
  },
  {
    no: 68,
    name: 'the session cookie twice',
    attempts: [
      ...[SESSION_IDS.admin, 'x', ''].map((other) => ({
        as: 'member' as const,
        target: ORDERS,
        lines: [['Cookie', `dvara_session=${other}`] as const],
        expect: 'authz.ambiguous_credential',
      })),
      {
        as: 'member',
        target: ORDERS,
        lines: [['Cookie', `dvara_session=${SESSION_IDS.member}`]],
        expect: 'allow',
      },
    ],
  },
  {
    no: 70,
    name: 'hundreds of foreign and broken cookies',
    attempts: [
      {
        as: 'member',
        target: ORDERS,
        lines: [['Cookie', Array.from({ length: 500 }, (_, at) => `c${at}=${at}`).join('; ')]],
        expect: 'allow',
      },
      ...['=', 'a', '; ;', '=dvara_session', 'dvara_session', ' =x;;', 'b=%00'].map((line) => ({
        as: 'member' as const,
        target: ORDERS,
        lines: [['Cookie', line] as const],
        expect: 'allow',
      })),
    ],
  },
  {
    no: 71,
    name: 'a length and a transfer coding',
    proofs: [['test/gateway/conformance.test.ts', 'both a length and a transfer coding: 400']],
  },
  {
    no: 73,
    name: 'chunks that are none',
    proofs: [
      [
        'test/fuzz/wire/socket.test.ts',
        'broken chunks end the connection, and nothing behind them is asked',
      ],
    ],
  },
  {
    no: 74,
    name: 'a length without a body',
    proofs: [
      [
        'test/gateway/conformance.test.ts',
        'a body that is announced where none belongs ends the connection',
      ],
    ],
  },
  {
    no: 75,
    name: 'Expect: 100-continue',
    proofs: [['test/gateway/conformance.test.ts', 'Expect: 100-continue is answered at once']],
  },
  {
    no: 77,
    name: 'header lines with blanks, controls and folds',
    proofs: [
      ['test/gateway/survival.test.ts', 'a space before the colon'],
      ['test/gateway/survival.test.ts', 'a folded line'],
      ['test/gateway/survival.test.ts', 'a bare CR in a value'],
    ],
  },
  {
    no: 78,
    name: 'methods in other spellings',
    attempts: [
      ...['get', 'gEt', 'GET\x7f', 'G T', '', 'GET ', 'A'.repeat(21), 'M'.repeat(1 << 20)],
      ...['GET,POST', 'ＧＥＴ', '-GET', 'GET1'],
    ].map((method) => ({
      as: 'admin',
      target: ORDERS,
      method,
      expect: 'authz.unsupported_method',
    })),
  },
  {
    no: 79,
    name: 'a Host that is missing, doubled or no host',
    proofs: [
      ['test/gateway/survival.test.ts', 'no Host, where it is the host'],
      ['test/gateway/survival.test.ts', 'a Host with a path'],
      ['test/gateway/conformance.test.ts', 'two Host lines are malformed where Host is the host'],
    ],
  },
  {
    no: 80,
    name: 'a head in two segments, split anywhere',
    proofs: [
      [
        'test/gateway/conformance.test.ts',
        'wherever the header lines are split, the answer is the same',
      ],
    ],
  },
  {
    no: 81,
    name: 'clients that send a byte now and then',
    proofs: [['test/gateway/crowd.test.ts', 'who sends a byte now and then is cut off']],
  },
  {
    no: 82,
    name: 'a caller that goes away',
    proofs: [
      [
        'test/gateway/conformance.test.ts',
        'a caller that hangs up is forgotten; its answer harms nobody',
      ],
      [
        'test/gateway/server.test.ts',
        'what nobody is left to hear is neither replied nor observed',
      ],
    ],
  },
  {
    no: 84,
    name: 'requests without end on one connection, connections without end',
    proofs: [
      ['test/gateway/crowd.test.ts', 'requests without end on one connection are answered'],
      ['test/gateway/crowd.test.ts', 'short of files it cuts whom it cannot have'],
    ],
  },
]

/** Group E: methods and what browsers send on somebody else’s behalf. */
export const METHODS: readonly Row[] = [
  {
    no: 85,
    name: 'a method that the gateway does not tell',
    proofs: [
      ['test/gateway/nginx.test.ts', 'the method and path of the subrequest are never used'],
      ['test/gateway/conformance.test.ts', 'the check is malformed'],
    ],
  },
  {
    no: 87,
    name: 'verbs that nobody has heard of',
    attempts: [
      ...['PROPFIND', 'PURGE', 'FOO', 'TRACE'].flatMap((method) => [
        { as: 'member' as const, target: ORDERS, method, expect: 'authz.missing_csrf_token' },
        {
          as: 'member' as const,
          target: ORDERS,
          method,
          lines: [['X-CSRF-Token', CSRF_TOKENS.member] as const],
          expect: 'authz.invalid_permission',
        },
      ]),
      { as: 'member', target: ORDERS, method: 'post', expect: 'authz.unsupported_method' },
    ],
  },
  {
    no: 88,
    name: 'HEAD and OPTIONS',
    attempts: [
      { as: 'member', target: '/api/v2/trade', method: 'HEAD', expect: 'allow' },
      { as: 'member', target: '/api/v2/admin', method: 'HEAD', expect: 'authz.invalid_permission' },
      { as: 'guest', target: ORDERS, method: 'OPTIONS', expect: 'anyone' },
      { as: 'member', target: ORDERS, method: 'OPTIONS', expect: 'anyone' },
      { as: 'guest', target: '/api/v2/trade', method: 'OPTIONS', expect: 'authz.invalid_session' },
      {
        as: 'guest',
        target: '/api/v2/management',
        method: 'OPTIONS',
        expect: 'authz.permission_denied',
      },
    ],
  },
  {
    no: 89,
    name: 'CSRF tokens that are not the session’s',
    attempts: [
      { as: 'member', target: ORDERS, method: 'POST', expect: 'authz.missing_csrf_token' },
      ...[
        CSRF_TOKENS.admin,
        '',
        'a',
        CSRF_TOKENS.member.toUpperCase(),
        `${CSRF_TOKENS.member} a`,
      ].map((token) => ({
        as: 'member' as const,
        target: ORDERS,
        method: 'POST',
        lines: [['X-CSRF-Token', token] as const],
        expect: 'authz.csrf_token_mismatch',
      })),
      {
        as: 'member',
        target: `${ORDERS}?csrf_token=${CSRF_TOKENS.member}`,
        method: 'POST',
        expect: 'authz.missing_csrf_token',
      },
    ],
  },
  {
    no: 90,
    name: 'a token that matches a cookie of the attacker’s',
    attempts: [
      {
        as: 'member',
        target: ORDERS,
        method: 'POST',
        lines: [
          ['Cookie', 'csrf_token=planted'],
          ['X-CSRF-Token', 'planted'],
        ],
        expect: 'authz.csrf_token_mismatch',
      },
    ],
  },
  {
    no: 92,
    name: 'signing a victim in as somebody else',
    proofs: [['test/identity/sessions.test.ts', 'another site’s page can neither sign in nor out']],
  },
  {
    no: 93,
    name: 'origins that look like ours',
    proofs: [
      ['test/identity/origin.test.ts', 'our name as a prefix may not'],
      ['test/identity/origin.test.ts', 'our name with another dot may not'],
      ['test/identity/origin.test.ts', 'our name without TLS may not'],
    ],
  },
  {
    no: 94,
    name: 'signing somebody out from another page',
    proofs: [['test/identity/sessions.test.ts', 'another site’s page can neither sign in nor out']],
  },
  ...[95, 97, 99, 100, 101].map((no) => ({
    ...{ no, name: 'a redirect to somewhere else', absent: 'nothing here redirects' },
  })),
  {
    no: 102,
    name: 'a redirect behind nginx',
    proofs: [['test/gateway/reply.test.ts', 'is a refusal that every gateway passes on']],
  },
]
