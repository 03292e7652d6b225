import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchange, readWire } from '../../gateway/client.ts'
import { ENGINE_KINDS, type Opened, openServer } from '../../gateway/opened.ts'
import { plainReading } from './plain-reading.ts'

const HEAD = readWire('envoy')
  .replace(/\r\ncontent-length: \d+/i, '')
  .split('\r\n\r\n')[0]
const BEHIND = readWire('nginx')

/** No reader of chunks takes these for any. */
const BROKEN = [
  ...['g\r\n', '0x1\r\na\r\n0\r\n\r\n', '1_0\r\n', ' 1\r\na\r\n0\r\n\r\n', '-1\r\na\r\n0\r\n\r\n'],
  '11111111111111111\r\na',
]
/**
 * One engine passes over line ends and an absent size within a chunked body. Only a gateway could
 * send these, and whatever stands behind them is then asked as a check of its own.
 */
const LENIENT = ['1\r\naXX0\r\n\r\n', '1\na\n0\n\n', '\r\n', ';x\r\n']

async function assertAsked(opened: Opened, chunk: string, checksMax: number): Promise<void> {
  opened.checks.length = 0
  const head = `${HEAD}\r\ntransfer-encoding: chunked\r\n\r\n`
  const heard = await exchange(opened.port, head + chunk + BEHIND, {
    untilClosed: true,
    withinMs: 1_000,
  })
  const about = `${JSON.stringify(chunk)}: ${heard.replies.map(({ status }) => status)}`
  assert.ok(opened.checks.length <= checksMax, about)
  assert.ok(heard.replies.length <= 2, about)
  // One engine says 505 to what it takes for the next request line.
  assert.ok(!/^HTTP\/1\.1 50[0-4]/m.test(heard.raw), about)
}

for (const kind of ENGINE_KINDS) {
  test(`${kind}: broken chunks end the connection, and nothing behind them is asked`, async (t) => {
    const opened = await openServer(kind)
    t.after(() => opened.server.close())
    for (const chunk of BROKEN) await assertAsked(opened, chunk, 1)
  })
}

test('node: slack framing of chunks ends the connection too', async (t) => {
  const opened = await openServer('node')
  t.after(() => opened.server.close())
  for (const chunk of LENIENT) await assertAsked(opened, chunk, 1)
})

test('uws: slack framing is passed over, and one check at most asked behind it', async (t) => {
  const opened = await openServer('uws')
  t.after(() => opened.server.close())
  for (const chunk of LENIENT) await assertAsked(opened, chunk, 2)
})

test('uws: a line without a name ends what is read of a head: no gateway sends one', async (t) => {
  const opened = await openServer('uws')
  t.after(() => opened.server.close())
  const head = readWire('traefik').replace('\r\n\r\n', '\r\n: x\r\nX-Dvara-User: a\r\n\r\n')
  await exchange(opened.port, head, { untilClosed: false, withinMs: 1_000 })
  assert.equal(opened.checks.length, 1)
  opened.checks.length = 0
  await exchange(opened.port, head.replace('\r\n: x', ''), { untilClosed: false, withinMs: 1_000 })
  assert.deepEqual(opened.checks, [])
})

test('the plain reading of a recorded check is what it says', () => {
  const { method, target, host } = plainReading(readWire('nginx')) ?? {}
  assert.deepEqual(
    [method, target, host].map((text) => typeof text),
    ['string', 'string', 'string'],
  )
  assert.equal(plainReading('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), undefined)
  assert.equal(plainReading(readWire('nginx').replace('\r\n', '\r\nHost: b\r\n')), undefined)
})
