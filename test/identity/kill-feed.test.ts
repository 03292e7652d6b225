import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import { createKillFeed, type KillFeed } from '../../src/identity/kill-feed.ts'
import type { Closed } from '../../src/store/closings.ts'
import type { InvalidationHandler } from '../../src/store/invalidations.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { createTwinClosings } from '../../src/store/twin-closings.ts'

/** A board that ends sessions when it is told to. */
function createBoard() {
  const closings = createTwinClosings()
  const handlers: InvalidationHandler[] = []
  let seq = 0
  let isAway = false
  return {
    away: (is: boolean) => {
      isAway = is
    },
    end(...closed: Partial<Closed>[]) {
      seq += 1
      const whole = closed.map(
        (one) => ({ sid: 's', uid: 'ID1', reason: 'logout', ...one }) as const,
      )
      closings.append(seq, whole)
      for (const one of handlers) one.interrupted()
    },
    closings: {
      async closedSince(place: Parameters<typeof closings.since>[0]) {
        if (isAway) throw new Fault('store_unavailable')
        return closings.since(place, seq)
      },
      async subscribe(handler: InvalidationHandler) {
        handlers.push(handler)
      },
    },
  }
}

let board: ReturnType<typeof createBoard>
let feed: KillFeed
let server: Server
const faults: unknown[] = []

before(async () => {
  board = createBoard()
  feed = createKillFeed({
    closings: board.closings,
    clock: systemClock,
    onFault: (fault) => faults.push(fault),
    bufferBytesMax: 65_536,
    heartbeatMs: 100,
  })
  await feed.start()
  server = createServer((asked, answer) => feed.open(asked, answer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(() => {
  feed?.close()
  server?.close()
  server?.closeAllConnections()
})

/** Of the megabytes that some hear, each look would go through all. */
const KEPT_CHARS = 262_144

interface Listening {
  readonly answer: IncomingMessage
  /** The latest text, once it includes `words`. */
  until(words: string): Promise<string>
  close(): void
}

function listen(lastEventId?: string): Promise<Listening> {
  const { port } = server.address() as AddressInfo
  const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text = (text + part).slice(-KEPT_CHARS)
      })
      answer.on('error', () => undefined)
      resolve({
        answer,
        async until(words) {
          for (let looks = 0; !text.includes(words); looks++) {
            assert.ok(looks < 500, `no ${words.trim()} in: ${text.slice(-300)}`)
            await new Promise((wake) => setTimeout(wake, 10))
          }
          return text
        },
        close: () => asked.destroy(),
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('who comes for the first time hears from now on', async () => {
  board.end({ sid: 'before' })
  const listening = await listen()
  assert.equal(listening.answer.headers['content-type'], 'text/event-stream')
  await listening.until('event: ready')
  board.end({ sid: 'one' }, { sid: '', reason: 'ban' })
  const text = await listening.until('"ban"')
  assert.ok(!text.includes('before'))
  const data = '{"sid":"one","uid":"ID1","seq":2,"reason":"logout"}'
  assert.ok(text.includes(`event: closed\nid: 2-0\ndata: ${data}\n\n`), text)
  assert.ok(text.includes('id: 2-1\ndata: {"sid":null,"uid":"ID1","seq":2,"reason":"ban"}\n\n'))
  listening.close()
})

test('who comes back hears what was missed, in order, once', async () => {
  board.end({ sid: 'while-away' })
  const listening = await listen('2-0')
  const text = await listening.until('while-away')
  assert.deepEqual(text.match(/^id: .*$/gm), ['id: 2-1', 'id: 3-0'])
  listening.close()
})

for (const place of ['9999999-0', 'nonsense']) {
  test(`who says to have read ${place} hears of a gap, and goes on from there`, async () => {
    const listening = await listen(place)
    if (place === 'nonsense') await listening.until('"one"')
    else await listening.until('event: gap')
    board.end({ sid: `after-${place}` })
    const text = await listening.until(`after-${place}`)
    assert.ok((text.match(/event: gap/g) ?? []).length <= 1)
    listening.close()
  })
}

test('heartbeats come while all can be told, and no longer', async () => {
  const listening = await listen()
  await listening.until(': beat')
  board.away(true)
  board.end({ sid: 'unseen' })
  await new Promise((wake) => setTimeout(wake, 50))
  const beats = async () => (await listening.until('')).split(': beat').length
  const before = await beats()
  await new Promise((wake) => setTimeout(wake, 350))
  assert.ok((await beats()) - before <= 1)
  assert.equal(faults.length, 1)
  board.away(false)
  await listening.until('unseen')
  listening.close()
})

test('who does not read is told so and cut, and nobody else is', async () => {
  const [slow, quick] = [await listen(), await listen()]
  await Promise.all([slow.until('ready'), quick.until('ready')])
  slow.answer.pause()
  const ended = new Promise<void>((resolve) => slow.answer.once('close', () => resolve()))
  for (let batch = 0; batch < 60; batch++) {
    const closed = Array.from({ length: 100 }, (_, at) => ({ sid: `${batch}-${at}`.padEnd(900) }))
    board.end(...closed)
    await quick.until(`"${closed[99]?.sid}"`)
  }
  for (let looks = 0; feed.listenersCount() > 1; looks++) {
    assert.ok(looks < 500, 'nobody was cut')
    await new Promise((wake) => setTimeout(wake, 10))
  }
  slow.answer.resume()
  await ended
  quick.close()
})

test('beyond 48 listeners the next is refused', async () => {
  const listening: Listening[] = []
  for (let count = 0; count < 48; count++) listening.push(await listen())
  const refused = await listen()
  assert.equal(refused.answer.statusCode, 503)
  for (const one of [...listening, refused]) one.close()
})
