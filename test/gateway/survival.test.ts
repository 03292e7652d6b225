/**
 * Bytes that no gateway sends in its right mind. Whatever comes, nothing is asked that should not
 * be, the process lives, and the next caller is answered. Where engines differ unavoidably, the
 * table says how: `cut` is a connection that ends without a reply, at the latest with the idle
 * timer of uWebSockets.js (10 s and a sweep of 4 s), which no setting changes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchange, head, readWire, valuesOf } from './client.ts'
import { ENGINE_KINDS, type EngineKind, openServer } from './opened.ts'

/** A reason of ours, a status of the engine's own, or no reply. */
type Outcome = 'allow' | `authz.${string}` | 400 | 404 | 431 | 505 | 'cut'

interface Case {
  readonly name: string
  readonly parts: string | readonly string[]
  readonly expect: Readonly<Record<EngineKind, Outcome | readonly Outcome[]>>
}

const CUT_WITHIN_MS = 16_000
const NGINX = readWire('nginx')

function withLine(line: string): string {
  return NGINX.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`)
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, at) => `X-Foreign-${at}: ${at}`).join('\r\n')
}

const RESERVED = 'authz.reserved_header'

const CASES: readonly Case[] = [
  // Aliases. Older versions of uWebSockets.js do not take `_` and `.` for characters of a name.
  ...['X_Dvara_User', 'Remote_User', 'X_Auth.Role', 'X.Original.URI', 'user_agent'].map((name) => ({
    name: `an alias of a header that means something: ${name}`,
    parts: withLine(`${name}: /public`),
    expect: { uws: ['cut', RESERVED], node: RESERVED } as const,
  })),
  {
    name: 'a foreign name with an underscore',
    parts: withLine('X_Foreign: 1'),
    expect: { uws: ['cut', 'allow'], node: 'allow' },
  },
  {
    name: 'a name with a space in it',
    parts: withLine('X Dvara User: root'),
    expect: { uws: ['cut', 400], node: 400 },
  },
  {
    name: 'a space before the colon',
    parts: withLine('Transfer-Encoding : chunked'),
    expect: { uws: ['cut', 400], node: 400 },
  },
  {
    name: 'a folded line',
    parts: withLine('X-Foreign: 1\r\n more'),
    expect: { uws: ['cut', 400, 'allow'], node: ['allow', 400] },
  },
  {
    name: 'a NUL in a value',
    parts: withLine('X-Foreign: a\0b'),
    expect: { uws: ['cut', 400], node: 400 },
  },
  {
    name: 'a bare CR in a value',
    parts: withLine('X-Foreign: a\rb'),
    expect: { uws: ['cut', 400], node: 400 },
  },
  {
    name: 'lines that end in LF alone',
    parts: NGINX.replaceAll('\r\n', '\n'),
    expect: { uws: ['cut', 400, 505], node: [400, 'allow'] },
  },
  {
    name: 'a name that is empty, before what the gateway must send',
    parts: NGINX.replace('X-Original-Method', ': a\r\nX-Original-Method'),
    expect: { uws: ['authz.malformed_check', 400], node: 400 },
  },
  {
    name: 'a method header with a DEL in it',
    parts: NGINX.replace('Method: POST', 'Method: GET\x7f'),
    expect: {
      uws: ['cut', 400, 'authz.unsupported_method'],
      node: [400, 'authz.unsupported_method'],
    },
  },
  {
    name: 'more lines than we take',
    parts: withLine(lines(140)),
    expect: { uws: ['cut', 431, 'authz.malformed_check'], node: 'authz.malformed_check' },
  },
  {
    name: 'a thousand lines',
    parts: withLine(lines(1000)),
    expect: { uws: ['cut', 431, 'authz.malformed_check'], node: 'authz.malformed_check' },
  },
  {
    name: 'a head of 70,000 bytes in one piece',
    parts: withLine(`Cookie: big=${'x'.repeat(70_000)}`),
    expect: { uws: [431, 'allow', 'cut'], node: 431 },
  },
  {
    name: 'a head of 70,000 bytes in three pieces',
    parts: [NGINX.slice(0, -2), `Cookie: a=${'x'.repeat(35_000)}`, `${'x'.repeat(35_000)}\r\n\r\n`],
    expect: { uws: [431, 'cut'], node: 431 },
  },
  {
    name: 'a request line in two pieces',
    parts: [NGINX.slice(0, 8), NGINX.slice(8)],
    expect: { uws: [505, 'allow'], node: 'allow' },
  },
  {
    name: 'HTTP/1.0, the default of older nginx',
    parts: NGINX.replace('HTTP/1.1', 'HTTP/1.0'),
    expect: { uws: [400, 505], node: 'allow' },
  },
  {
    name: 'an absolute target',
    parts: NGINX.replace('GET /authz', 'GET http://a/authz'),
    expect: { uws: [400, 505], node: 404 },
  },
  {
    name: 'OPTIONS *',
    parts: head('OPTIONS * HTTP/1.1', 'Host: a'),
    expect: { uws: [400, 505], node: 404 },
  },
  {
    name: 'CONNECT to an authority',
    parts: head('CONNECT a:443 HTTP/1.1', 'Host: a'),
    expect: { uws: [400, 505], node: 'cut' },
  },
  {
    name: 'a method in lower case on the request line of the original',
    parts: readWire('envoy').replace('POST', 'post'),
    expect: { uws: 'authz.unsupported_method', node: 400 },
  },
  {
    name: 'no Host, where it is the host',
    parts: NGINX.replace(/Host: [^\r]*\r\n/, ''),
    expect: { uws: [400, 'authz.malformed_check'], node: 400 },
  },
  {
    name: 'a Host with a path',
    parts: NGINX.replace(/Host: [^\r]*/, 'Host: a/b'),
    expect: { uws: 'authz.malformed_check', node: 'authz.malformed_check' },
  },
  {
    name: 'two lengths that differ',
    parts: readWire('barong').replace(
      'content-length: 3',
      'content-length: 3\r\ncontent-length: 30',
    ),
    expect: { uws: [400, 'allow'], node: 400 },
  },
  {
    name: 'a length with a sign',
    parts: readWire('barong').replace('content-length: 3', 'content-length: +3'),
    expect: { uws: [400, 'cut', 'allow'], node: 400 },
  },
  {
    name: 'no HTTP at all',
    parts: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    expect: { uws: ['cut', 400, 505], node: 400 },
  },
]

function outcomeOf(heard: Awaited<ReturnType<typeof exchange>>): Outcome | undefined {
  const [reply] = heard.replies
  if (reply === undefined) return heard.isClosed ? 'cut' : undefined
  const [reason] = valuesOf(reply, 'x-auth-reason')
  if (reason !== undefined) return reason as Outcome
  return reply.status === 200 ? 'allow' : (reply.status as Outcome)
}

for (const kind of ENGINE_KINDS) {
  test(`${kind} survives what no gateway sends`, async (t) => {
    const opened = await openServer(kind)
    t.after(() => opened.server.close())

    // All at once: together they take no longer than the slowest, the idle timer.
    const heard = await Promise.all(
      CASES.map(({ parts }) => exchange(opened.port, parts, { withinMs: CUT_WITHIN_MS })),
    )
    for (const [at, { name, expect }] of CASES.entries()) {
      const accepted = [expect[kind]].flat()
      const outcome = outcomeOf(heard[at] as (typeof heard)[number])
      await t.test(`${name}: ${accepted.join(' or ')}`, () => {
        assert.ok(outcome !== undefined, 'no reply, and still open')
        assert.ok(accepted.includes(outcome), `was ${outcome}`)
      })
    }

    const after = await exchange(opened.port, NGINX)
    assert.equal(after.replies[0]?.status, 200)
  })
}

test('pipelined checks that wait: node answers all, uws may cut the connection', async (t) => {
  for (const kind of ENGINE_KINDS) {
    const opened = await openServer(kind)
    t.after(() => opened.server.close())
    const { answer } = opened
    opened.answer = async (check) => answer(check)
    const heard = await exchange(opened.port, NGINX + NGINX, { repliesCount: 2 })
    assert.ok(kind === 'uws' ? heard.isClosed || heard.replies.length === 2 : true)
    if (kind === 'node') assert.equal(heard.replies.length, 2)
    assert.equal((await exchange(opened.port, NGINX)).replies[0]?.status, 200)
  }
})
