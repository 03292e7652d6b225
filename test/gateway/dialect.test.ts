import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { DIALECT_NAMES, type DialectName } from '../../src/core/check.ts'
import { isRefused, readCheck } from '../../src/gateway/dialect.ts'
import { DIALECTS } from '../../src/gateway/endpoint.ts'
import { AT, HEADER_LINES_MAX, RESERVED_NAMES } from '../../src/gateway/headers.ts'
import { asked } from './asked.ts'
import { type Line, type Original, SPELLINGS } from './spellings.ts'

const ORDINARY: Original = { method: 'GET', target: '/a', host: 'a.example', client: '1.2.3.4' }

function readIn(name: DialectName, original: Original, lines: readonly Line[] = []) {
  return readCheck(DIALECTS[name], SPELLINGS[name](original, lines))
}

function reasonIn(name: DialectName, original: Original, lines: readonly Line[] = []): string {
  const read = readIn(name, original, lines)
  return isRefused(read) ? read.denial.reason : 'none'
}

/** Characters that paths, hosts and attacks on them are made of. */
const near = (chars: string) => fc.string({ unit: fc.constantFrom(...chars), maxLength: 30 })
const originals = fc.record({
  method: fc.oneof(fc.constantFrom('GET', 'POST', 'M-SEARCH'), near('GEgeT-_ ')),
  target: fc.oneof(
    near('/aA.%2fe;\\?#'),
    near('/ab').map((path) => `/${path}`),
    fc.string(),
  ),
  host: fc.oneof(
    fc.constantFrom('App.Example:443', 'app.example.', '[::1]:80'),
    near('aA.-:1[]/ '),
  ),
  client: fc.oneof(fc.ipV4(), fc.ipV6()),
})

describe('PT-3: all dialects agree', () => {
  test('on method, host, path, query and address, or on the refusal', () => {
    fc.assert(
      fc.property(originals, (original) => {
        const tuples = DIALECT_NAMES.map((name) => {
          const read = readIn(name, original)
          if (isRefused(read)) return read.denial.reason
          const { method, host, path, query, address } = read
          return [method, host, path, query, address.text].join(' ')
        })
        assert.deepEqual(new Set(tuples).size, 1, JSON.stringify([original, tuples]))
      }),
      { numRuns: 3000 },
    )
  })

  test('and both understanding and refusal occur among those', () => {
    const reasons = fc.sample(originals, { numRuns: 500, seed: 7 }).map((one) => {
      return reasonIn('nginx', one)
    })
    for (const reason of ['none', 'authz.ambiguous_path', 'authz.unsupported_method']) {
      assert.ok(reasons.includes(reason), reason)
    }
  })
})

describe('PT-2: no alias of a reserved header survives', () => {
  const canonical = fc.oneof(
    fc.constantFrom(...RESERVED_NAMES, 'x-dvara-user', 'x-dvara-role', 'x-authentik-groups'),
    near('abc-').map((rest) => `x-dvara-${rest}`),
  )
  const separators = fc.infiniteStream(fc.constantFrom('-', '_', '.', ' '))
  const cases = fc.infiniteStream(fc.boolean())

  test('however it is spelled', () => {
    fc.assert(
      fc.property(canonical, separators, cases, fc.string(), (name, separator, isUpper, value) => {
        const spelled = [...name]
          .map((char) => (char === '-' ? (separator.next().value as string) : char))
          .map((char) => (isUpper.next().value ? char.toUpperCase() : char))
          .join('')
        for (const dialect of DIALECT_NAMES) {
          const reason = reasonIn(dialect, ORDINARY, [[spelled, value]])
          assert.equal(reason, 'authz.reserved_header', `${dialect} ${spelled}`)
        }
      }),
    )
  })

  test('nor one of a header that we read', () => {
    for (const name of Object.keys(AT).filter((name) => name.includes('-'))) {
      for (const alias of [name.replace('-', '_'), name.replaceAll('-', '.').toUpperCase()]) {
        for (const dialect of DIALECT_NAMES) {
          const reason = reasonIn(dialect, ORDINARY, [[alias, '/public']])
          assert.equal(reason, 'authz.reserved_header', `${dialect} ${alias}`)
        }
      }
    }
  })

  test('while ordinary headers, even with dots and underscores, are left alone', () => {
    const names = [
      'authorization',
      'accept',
      'x_foreign',
      'x.foreign',
      'x-dvara',
      'x-user',
      'x-auth',
    ]
    for (const name of names) assert.equal(reasonIn('caddy', ORDINARY, [[name, '1']]), 'none', name)
  })
})

describe('readCheck', () => {
  const ORDER = [
    { name: 'malformed before reserved', original: ORDINARY, host: 'a/b', reserved: true },
    {
      name: 'reserved before the method',
      original: { ...ORDINARY, method: 'get' },
      reserved: true,
    },
    { name: 'the method before the path', original: { ...ORDINARY, method: 'get', target: '//' } },
    { name: 'the path last', original: { ...ORDINARY, target: '//' } },
  ]
  const EXPECTED = ['malformed_check', 'reserved_header', 'unsupported_method', 'ambiguous_path']
  for (const [at, { name, original, host, reserved }] of ORDER.entries()) {
    test(`${name} is what a check with several faults is refused for`, () => {
      const lines: Line[] = reserved ? [['X-Dvara-User', 'root']] : []
      const asks = { ...original, host: host ?? original.host }
      for (const dialect of DIALECT_NAMES) {
        assert.equal(reasonIn(dialect, asks, lines), `authz.${EXPECTED[at]}`)
      }
    })
  }

  test('as many lines as are taken, and one more', () => {
    const own = 2
    const lines = Array.from({ length: HEADER_LINES_MAX - own }, (_, n) => [`x-${n}`, ''] as const)
    assert.equal(reasonIn('envoy', ORDINARY, lines), 'none')
    assert.equal(reasonIn('envoy', ORDINARY, [...lines, ['x', '']]), 'authz.malformed_check')
  })

  test('nothing that a header holds makes it throw', () => {
    const names = fc.oneof(
      fc.constantFrom(...Object.keys(AT), '__proto__', 'constructor'),
      fc.string(),
    )
    const lines = fc.array(fc.tuple(names, fc.string()), { maxLength: 12 })
    fc.assert(
      fc.property(lines, fc.constantFrom(...DIALECT_NAMES), (some, dialect) => {
        readCheck(DIALECTS[dialect], asked(some))
      }),
      { numRuns: 2000 },
    )
  })
})

test('two CSRF tokens are a token that matches nothing, not none', () => {
  for (const name of DIALECT_NAMES) {
    const original = { method: 'POST', target: '/a', host: 'app.example', client: '192.0.2.1' }
    const lines = [['X-CSRF-Token', 'a'] as const, ['X-CSRF-Token', 'a'] as const]
    const read = readCheck(DIALECTS[name], SPELLINGS[name](original, lines))
    const token = isRefused(read) ? assert.fail() : read.csrfToken
    assert.ok(token !== undefined && !token.includes('a'), name)
  }
})
