import { each, type Row } from './row.ts'

const AMBIGUOUS = 'authz.ambiguous_path'

/** Group A: paths with more than one reading, and rules that match more than they say. */
export const PATHS: readonly Row[] = [
  {
    no: 1,
    name: 'dot-dot out of a public prefix',
    attempts: each(['/api/v2/public/../admin/users'], AMBIGUOUS),
  },
  {
    no: 2,
    name: 'dot-dot behind percent signs',
    attempts: each(
      [
        ...['/api/v2/public/%2e%2e/admin/users', '/api/v2/public/.%2e/admin/users'],
        ...['/api/v2/public/%2e./admin/users', '/api/v2/public/%2E%2E/admin/users'],
      ],
      AMBIGUOUS,
    ),
  },
  {
    no: 3,
    name: 'an encoded separator behind dots',
    attempts: each(['/api/v2/public/..%2fadmin/users', '/api/v2/public/..%5cadmin'], AMBIGUOUS),
  },
  {
    no: 5,
    name: 'empty segments',
    attempts: each(['//api/v2/admin/users', '///', '/api//v2/admin', '/api/v2//admin'], AMBIGUOUS),
  },
  {
    no: 6,
    name: 'a path that looks like an authority',
    attempts: each(['//evil.example/api/v2/public'], AMBIGUOUS),
  },
  {
    no: 8,
    name: 'backslashes for slashes',
    attempts: each(
      ['/api/v2/public\\..\\admin', '/api/v2/public%5c..%5cadmin', '/api/v2/public%5Cx'],
      AMBIGUOUS,
    ),
  },
  {
    no: 9,
    name: 'a prefix that ends within a segment',
    attempts: each(
      ['/api/v2/publicX', '/api/v2/public-admin', '/api/v2/publi', '/api/v2/public_'],
      'deny',
      ['guest', 'member'],
    ),
  },
  {
    no: 10,
    name: 'a prefix itself, with a slash, with an empty query',
    attempts: each(
      ['/api/v2/public', '/api/v2/public/', '/api/v2/public?', '/api/v2/public/?'],
      'anyone',
    ),
  },
  {
    no: 11,
    name: 'capitals, plain and encoded',
    attempts: [
      ...each(['/API/v2/ADMIN', '/api/v2/Admin', '/api/v2/PUBLIC'], 'deny', ['guest', 'member']),
      ...each(['/api/v2/%41dmin', '/api/v2/%61dmin'], AMBIGUOUS),
      ...each(['/API/V2/MANAGEMENT', '/api/v2/Management/x'], 'authz.permission_denied'),
      ...each(['/api/v2/public/INTERNAL/x'], 'authz.permission_denied'),
      ...each(['/api/v2/orders/PRIVATE'], 'authz.invalid_permission', ['member']),
    ],
  },
  {
    no: 12,
    name: 'NUL, raw and encoded',
    attempts: each(
      [
        '/api/v2/admin%00/public',
        '/api/v2/public%00/../admin',
        '/api/v2/public\0',
        '/api/v2/public/%00',
      ],
      AMBIGUOUS,
    ),
  },
  {
    no: 14,
    name: 'a query that looks like a public path',
    attempts: each(
      ['/api/v2/admin?/api/v2/public', '/api/v2/admin?path=/api/v2/public/x', '/api/v2/admin??'],
      'deny',
      ['guest', 'member'],
    ),
  },
  {
    no: 15,
    name: 'single dots',
    attempts: each(['/api/v2/admin/.', '/api/v2/admin/./', '/./api/v2/admin'], AMBIGUOUS),
  },
  {
    no: 16,
    name: 'dots and blanks at the end, which some servers trim',
    attempts: each(
      [
        '/api/v2/admin.',
        '/api/v2/admin%20',
        '/api/v2/admin%09',
        '/api/v2/admin\t',
        '/api/v2/admin ',
      ],
      AMBIGUOUS,
    ),
  },
  {
    no: 18,
    name: 'letters and slashes with a compatible second form',
    attempts: each(
      [
        '/api/v2/\uff41dmin',
        '/api/v2\uff0fadmin',
        '/api/v2%ef%bc%8fadmin',
        '/api/v2/%ef%bd%81dmin',
      ],
      AMBIGUOUS,
    ),
  },
  {
    no: 20,
    name: 'targets without a first slash',
    attempts: each(['admin', '*', '', '?x', 'api/v2/public'], AMBIGUOUS),
  },
  {
    no: 22,
    name: 'CONNECT and the authority form',
    attempts: [
      { as: 'admin', method: 'CONNECT', target: 'a.example:443', expect: AMBIGUOUS },
      { as: 'guest', method: 'CONNECT', target: '', expect: AMBIGUOUS },
      { as: 'guest', method: 'GET', target: 'http://a.example/api/v2/public', expect: AMBIGUOUS },
    ],
  },
  {
    no: 23,
    name: 'very long targets',
    attempts: each(
      [
        ...[`/${'a'.repeat(8192)}`, `/${'a'.repeat(16_384)}`, `/${'a'.repeat(65_536)}`],
        ...['/a'.repeat(10_000), `/api/v2/public/${'../'.repeat(10_000)}`],
      ],
      AMBIGUOUS,
    ),
  },
  {
    no: 24,
    name: 'an evil input for a pattern',
    absent: 'rules are prefixes of whole segments; there are no patterns to backtrack in',
  },
  {
    no: 25,
    name: 'a pattern without anchors',
    absent: 'rules are prefixes of whole segments, anchored at the first slash',
  },
  {
    no: 26,
    name: 'a prefix that a gateway is said to have stripped',
    attempts: [
      {
        as: 'guest',
        target: '/api/v2/admin',
        lines: [['X-Forwarded-Prefix', '/api/v2/public']],
        expect: 'authz.invalid_session',
      },
      {
        as: 'member',
        target: '/admin',
        lines: [['X-Forwarded-Prefix', '/api/v2/orders']],
        expect: 'authz.invalid_permission',
      },
    ],
  },
  {
    no: 28,
    name: 'hosts in other spellings',
    attempts: [
      ...['APP.example.com', 'app.example.com.', 'app.example.com:443', '[::1]'].map(
        (host) => ({ as: 'member', target: '/api/v2/orders', host, expect: 'allow' }) as const,
      ),
      ...['a/b', 'a b', 'a..b', 'a@b', 'ä.example'].map(
        (host) =>
          ({
            as: 'member',
            target: '/api/v2/orders',
            host,
            expect: 'authz.malformed_check',
          }) as const,
      ),
    ],
  },
  {
    no: 30,
    name: 'rules that overlap: what drops wins, above and below',
    attempts: each(
      ['/api/v2/orders/private', '/api/v2/orders/private/x', '/api/v2/orders/private/mine'],
      'authz.invalid_permission',
      ['member'],
    ),
  },
  {
    no: 31,
    name: 'a path that no rule names',
    attempts: each(['/', '/nowhere', '/api', '/api/v1/public'], 'deny'),
  },
]
