import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isUnder, parsePrefix, readTarget, TARGET_CHARS_MAX } from '../../src/core/path.ts'
import { compileRoutes, matchRoutes, PUBLIC } from '../../src/core/route.ts'

const ACCEPTED = [
  '/',
  '/api/v2/public',
  '/api/v2/public/',
  '/.well-known/x',
  '/a.b/c..d',
  "/a-_~!$&'()*+,=:@",
  '/caf%C3%A9',
  '/caf%c3%a9',
  '/two%20words/x',
  '/%5Bid%5D',
  '/x%2Cy',
  `/${'a'.repeat(TARGET_CHARS_MAX - 1)}`,
]

const REFUSED = [
  ['', 'an empty target'],
  ['admin', 'no leading slash'],
  ['*', 'asterisk form'],
  ['?x', 'a query alone'],
  ['host:443', 'authority form'],
  ['http://x/admin', 'absolute form'],
  ['//api/v2/admin', 'an empty first segment'],
  ['/api//v2', 'an empty segment'],
  ['/api/v2/public/../admin', 'a dot-dot segment'],
  ['/api/v2/public/..', 'a dot-dot segment at the end'],
  ['/./api', 'a dot segment'],
  ['/api/.', 'a dot segment at the end'],
  ['/api/v2/admin.', 'a trailing dot'],
  ['/api/admin./x', 'a segment that ends in a dot'],
  ['/public/%2e%2e/admin', 'encoded dots'],
  ['/public/.%2E/admin', 'half encoded dots'],
  ['/public/..%2fadmin', 'an encoded slash'],
  ['/public%5c..%5cadmin', 'an encoded backslash'],
  ['/public\\..\\admin', 'a backslash'],
  ['/public;v=1/admin', 'a matrix parameter'],
  ['/public%3bv=1', 'an encoded semicolon'],
  ['/admin%00/public', 'an encoded NUL'],
  ['/admin\u0000', 'a raw NUL'],
  ['/admin%0a', 'an encoded line feed'],
  ['/admin%7f', 'an encoded DEL'],
  ['/%41dmin', 'an encoded unreserved character'],
  ['/admin%2dx', 'an encoded hyphen'],
  ['/admin%252e', 'double encoding'],
  ['/admin%3fx', 'an encoded question mark'],
  ['/admin%23x', 'an encoded number sign'],
  ['/admin#x', 'a fragment'],
  ['/admin?x#y', 'a fragment in the query'],
  ['/admin%20', 'a trailing encoded space'],
  ['/%20admin', 'a leading encoded space'],
  ['/a%20/b', 'an encoded space before a slash'],
  ['/admin%09', 'an encoded tab'],
  ['/admin ', 'a raw space'],
  ['/admin\t', 'a raw tab'],
  ['/\uff0fadmin', 'raw full-width characters'],
  ['/%ef%bc%8fadmin', 'an encoded full-width slash'],
  ['/%ef%bd%81dmin', 'an encoded full-width letter'],
  ['/a%e2%80%8bb', 'an encoded zero-width space'],
  ['/a%c2%a0', 'an encoded no-break space'],
  ['/%c0%ae', 'an overlong encoding'],
  ['/%ff', 'a byte that is not UTF-8'],
  ['/%e9', 'latin-1'],
  ['/%', 'a lone percent sign'],
  ['/%4', 'half an escape'],
  ['/%zz', 'an escape that is none'],
  ['/a|b', 'a character that no path may carry'],
  ['/admin\u00ff', 'a raw byte over 0x7f'],
  ['/ok?q=\u00ff', 'a raw byte over 0x7f in the query'],
  [`/${'a'.repeat(TARGET_CHARS_MAX)}`, 'a target over the limit'],
  ['/../'.repeat(2000), 'thousands of dot-dot segments'],
] as const

for (const raw of ACCEPTED) {
  test(`the path ${raw.slice(0, 40)} is taken as it is`, () => {
    assert.equal(readTarget(raw)?.path, raw)
  })
}

for (const [raw, what] of REFUSED) {
  test(`${what} is refused`, () => assert.equal(readTarget(raw), undefined))
}

test('the query is cut at the first question mark and takes no part in the path', () => {
  assert.deepEqual(readTarget('/Orders/7?next=/public?x'), {
    path: '/Orders/7',
    foldedPath: '/orders/7',
    query: 'next=/public?x',
  })
})

test('what refuses is matched without capitals and with delimiters decoded', () => {
  assert.equal(readTarget('/Jobs%3ACancel/%40Me%2c%C3%A9')?.foldedPath, '/jobs:cancel/@me,%c3%a9')
  assert.equal(readTarget('/jobs%20x/%5bid%5D')?.foldedPath, '/jobs%20x/%5bid%5d')
})

test('a prefix covers itself and what is below it, on segment boundaries', () => {
  assert.ok(isUnder('/admin', '/admin'))
  assert.ok(isUnder('/admin', '/admin/'))
  assert.ok(isUnder('/admin', '/admin/x'))
  assert.ok(!isUnder('/admin', '/administrator'))
  assert.ok(!isUnder('/admin', '/admi'))
  assert.ok(isUnder('/', '/anything'))
})

test('a configured prefix gets its leading slash and loses its trailing ones', () => {
  assert.equal(parsePrefix('api/v2/'), '/api/v2')
  assert.equal(parsePrefix('/'), '/')
  assert.equal(parsePrefix('/a//b'), undefined)
  assert.equal(parsePrefix('/a?b'), undefined)
  assert.equal(parsePrefix('/a%20b'), undefined)
})

/** Every reading of `path` that some server is known to make, to a depth of three. */
function interpretations(path: string): Set<string> {
  const steps: ((text: string) => string)[] = [
    (text) => text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
    (text) => text.replaceAll('\\', '/'),
    (text) => text.replace(/\/{2,}/g, '/'),
    (text) => resolveDots(text),
    (text) => text.replace(/;[^/]*/g, ''),
    (text) => text.split('%00', 1)[0] as string,
    (text) => text.split('\0', 1)[0] as string,
    (text) => text.split('#', 1)[0] as string,
    (text) => text.split('?', 1)[0] as string,
    (text) => text.toLowerCase(),
    (text) => text.replace(/[./]$/, ''),
  ]
  const found = new Set([path])
  for (let depth = 0; depth < 3; depth++) {
    for (const text of [...found]) for (const step of steps) found.add(step(text))
  }
  return found
}

function resolveDots(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return kept.join('/').startsWith('/') ? kept.join('/') : `/${kept.join('/')}`
}

const PUBLIC_PREFIXES = ['/api/v2/public', '/open']
const BLOCKED_PREFIXES = ['/api/v2/public/internal', '/open/admin', '/open/a:b']

/** Slow and obvious: what the policy above means, said with string splits. */
function isPublicByReading(path: string): boolean {
  const covers = (prefix: string, of: string) => `${of}/`.startsWith(`${prefix}/`)
  const isPublic = PUBLIC_PREFIXES.some((prefix) => covers(prefix, path))
  const isBlocked = BLOCKED_PREFIXES.some((prefix) => covers(prefix, path.toLowerCase()))
  return isPublic && !isBlocked
}

test('no interpretation of a public path escapes what is public (PT-1)', () => {
  const routes = compileRoutes({
    version: 1,
    public: PUBLIC_PREFIXES,
    blocked: BLOCKED_PREFIXES,
    preflight: [],
    audiences: [],
    defaultAudience: ['x'],
    limits: [],
    unrestricted: [],
    login: [],
  })
  const piece = fc.constantFrom(
    ...[
      '/',
      '//',
      '.',
      '..',
      '/../',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      ';',
      ';a=b',
      '%00',
      '#',
      '?',
      '%25',
    ],
    ...['%252e', '%3b', 'api', 'v2', 'public', 'internal', 'admin', 'open', 'INTERNAL', 'Public'],
    ...['%69nternal', '%20', ' ', 'a', 'X', '%c3%a9', '%ef%bc%8f', '\u00e9', '/open/', '/internal'],
    ...['a%3Ab', 'a:b', '%3a', ':', 'b'],
  )
  const start = fc.constantFrom('/api/v2/public', '/open', '/api/v2/public/', '/open/', '/', '')
  const path = fc
    .tuple(start, fc.array(fc.oneof({ weight: 5, arbitrary: piece }, fc.string({ maxLength: 3 }))))
    .map(([head, tail]) => head + tail.join(''))
  let publicCount = 0
  fc.assert(
    fc.property(path, (raw) => {
      const target = readTarget(raw)
      if (target === undefined) return
      const flags = matchRoutes(routes, target.path, target.foldedPath)
      if (flags !== PUBLIC) return
      publicCount++
      for (const reading of interpretations(target.path)) {
        assert.ok(isPublicByReading(reading), `${raw} may be read as ${reading}`)
      }
    }),
    { numRuns: 60_000 },
  )
  assert.ok(publicCount > 1000, `only ${publicCount} public paths were tried`)
})
