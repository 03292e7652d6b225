import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  connectionUrl,
  cookieName,
  count,
  durationMs,
  durationS,
  flag,
  httpUrl,
  LIST_ENTRIES_MAX,
  list,
  listenAddress,
  mailbox,
  network,
  oneOf,
  originUrl,
  type Parser,
  path,
  SOCKET_PATH_BYTES_MAX,
  sealingKeys,
  TEXT_CHARS_MAX,
  text,
} from '../../src/config/parsers.ts'

interface Edges {
  readonly parser: Parser<unknown>
  readonly taken: readonly string[]
  readonly refused: readonly string[]
}

const networks256 = Array.from({ length: LIST_ENTRIES_MAX }, (_, at) => `10.0.${at}.0/24`)
const socketPath = `/${'s'.repeat(SOCKET_PATH_BYTES_MAX - 1)}`

const EDGES: Record<string, Edges> = {
  text: {
    parser: text,
    taken: ['a', 'x'.repeat(TEXT_CHARS_MAX), 'grüße welt'],
    refused: ['', 'x'.repeat(TEXT_CHARS_MAX + 1), 'a\nb', 'a\u0000', 'a\u009b'],
  },
  path: { parser: path, taken: ['/etc/x', 'x'], refused: ['', 'a\u0000b'] },
  cookieName: {
    parser: cookieName,
    taken: ['a', 'dvara_session', 'A-b.c', 'x'.repeat(64), '__Hostile'],
    refused: ['', 'x'.repeat(65), 'a b', 'a=b', 'a;b', '__Host-a', '__secure-a', 'ü'],
  },
  sealingKeys: {
    parser: sealingKeys,
    taken: ['0f'.repeat(32), `${'A'.repeat(43)}=`, `# old\n${'0f'.repeat(32)}\n${'b'.repeat(43)}`],
    refused: ['', '0f'.repeat(31), 'A'.repeat(42), `${'0f'.repeat(32)} ${'0f'.repeat(32)}`, 'x y'],
  },
  count: {
    parser: count({ min: 1, max: 64 }),
    taken: ['1', '2', '63', '64'],
    refused: ['0', '65', '', '-1', '+1', '01', '1.0', '1e1', '0x1', ' 1', '1 ', '١', 'NaN'],
  },
  'count from zero': {
    parser: count({ min: 0, max: 999_999_999_999_999 }),
    taken: ['0', '999999999999999'],
    refused: ['00', '1000000000000000', '-0'],
  },
  durationMs: {
    parser: durationMs({ min: 10, max: 100 }),
    taken: ['10', '100'],
    refused: ['9', '101', '10ms', '10s'],
  },
  durationS: {
    parser: durationS({ min: 5, max: 3600 }),
    taken: ['5', '3600'],
    refused: ['4', '3601', '1m'],
  },
  flag: {
    parser: flag,
    taken: ['true', 'false'],
    refused: ['', 'TRUE', 'yes', '1', '0', 'on', ' true'],
  },
  oneOf: {
    parser: oneOf(['auto', 'uws']),
    taken: ['auto', 'uws'],
    refused: ['', 'Auto', 'auto ', 'node', 'toString'],
  },
  network: {
    parser: network,
    taken: ['10.0.0.0/8', '0.0.0.0/0', '1.2.3.4/32', '1.2.3.4', '::1', '::/0', 'fe80::/128'],
    refused: [
      '',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      '::/129',
      '10.0.0/8',
      '010.0.0.0/8',
      'fe80::1%eth0',
      'fe80::1%eth0/64',
      'host/8',
      '10.0.0.0/8/8',
    ],
  },
  'list of networks': {
    parser: list(network),
    taken: ['10.0.0.0/8', '10.0.0.0/8, ::1/128', networks256.join(',')],
    refused: ['', ',', '10.0.0.0/8,', '::1,::1', [...networks256, '::1'].join(','), '::1;::2'],
  },
  originUrl: {
    parser: originUrl,
    taken: ['https://app.example.org', 'http://127.0.0.1:8080', 'https://[::1]:8443'],
    refused: [
      '',
      'https://app.example.org/',
      'https://app.example.org/x',
      'https://app.example.org:443',
      'https://App.example.org',
      'https://u:p@app.example.org',
      'ftp://app.example.org',
      'app.example.org',
      'https://app.example.org?x',
      'https:\\\\app.example.org',
      'null',
      '*',
    ],
  },
  httpUrl: {
    parser: httpUrl,
    taken: ['https://a.example/.well-known/jwks.json', 'http://127.0.0.1:9090/x?y=1'],
    refused: [
      '',
      'https://u@a.example/',
      'https://:p@a.example/',
      'file:///etc/x',
      'https://a/#',
      'https://a/ b',
    ],
  },
  'redis URL': {
    parser: connectionUrl(['redis', 'rediss']),
    taken: ['redis://r', 'rediss://:pw@r:6380/1'],
    refused: [
      '',
      'redis:',
      'redis://',
      'redis:r',
      'postgres://r',
      'r:6379',
      'redis://a b',
      'redis://r\n',
    ],
  },
  'postgres URL': {
    parser: connectionUrl(['postgres', 'postgresql']),
    taken: ['postgres://u:p@h/d', 'postgresql://h', 'postgres:///d?host=/run/postgresql'],
    refused: ['', 'postgres:///d', 'mysql://h/d', 'postgres:h'],
  },
  'listen address': {
    parser: listenAddress,
    taken: [
      '127.0.0.1:9090',
      '0.0.0.0:0',
      'localhost:65535',
      'a-b.example:1',
      '[::1]:9090',
      'unix:/run/dvara.sock',
      `unix:${socketPath}`,
    ],
    refused: [
      '',
      '9090',
      ':9090',
      '127.0.0.1',
      '127.0.0.1:',
      '127.0.0.1:65536',
      '127.0.0.1:-1',
      '127.0.0.1:09',
      '127.0.0:1',
      '256.0.0.1:1',
      '::1:9090',
      '[::1]',
      '[::1]9090',
      '[127.0.0.1]:1',
      '[::1%lo]:1x',
      'a b:1',
      'unix:',
      'unix:relative',
      `unix:${socketPath}s`,
      'unix:/a\u0000b',
      'http://127.0.0.1:1',
    ],
  },
  mailbox: {
    parser: mailbox,
    taken: ['a@b', 'no-reply@example.org', 'Dvara <no-reply@example.org>'],
    refused: [
      '',
      'a',
      '@b',
      'a@',
      'a@b, c@d',
      'A <a@b>\nBcc: c@d',
      'A <a@b> x',
      '<a@b',
      `${'a'.repeat(320)}@b`,
    ],
  },
}

for (const [name, { parser, taken, refused }] of Object.entries(EDGES)) {
  test(`${name} takes what is right and nothing beside it`, () => {
    for (const given of taken) assert.notEqual(parser.parse(given), undefined, given)
    for (const given of refused) assert.equal(parser.parse(given), undefined, JSON.stringify(given))
  })
  test(`${name} prints what it parses back to the same, unless it is secret`, () => {
    for (const given of taken) {
      const value = parser.parse(given)
      const printed = parser.print(value)
      if (parser.isSecret) assert.equal(printed, '[secret]')
      else assert.deepEqual(parser.parse(printed), value)
    }
  })
}

test('no parser throws, whatever it is given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (given) => {
      for (const { parser } of Object.values(EDGES)) parser.parse(given)
    }),
    { numRuns: 300 },
  )
})

test('a count is exactly the numbers within its bounds', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.nat(2000), (a, b, given) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)]
      const expected = given >= min && given <= max ? given : undefined
      assert.equal(count({ min, max }).parse(String(given)), expected)
    }),
  )
})

test('a listen address keeps host and port, or the path', () => {
  assert.deepEqual(listenAddress.parse('[::1]:80'), { kind: 'tcp', host: '::1', port: 80 })
  assert.deepEqual(listenAddress.parse('unix:/a'), { kind: 'unix', path: '/a' })
})

test('a list trims blanks, keeps order and is frozen', () => {
  const values = list(text).parse('b , a')
  assert.deepEqual(values, ['b', 'a'])
  assert.ok(Object.isFrozen(values))
})
