import { connect, type Socket } from 'node:net'
import { createFramer, type RespValue, readFrame, toFrame } from './resp.ts'

/** A connection of the tests' own to a Redis, past every edge: to strike it, and to watch it. */
export interface RedisHand {
  call(...words: readonly (string | number)[]): Promise<RespValue>
  close(): void
}

const ANSWER_MS_MAX = 15_000

/** Commands before the connection is there wait for it; all fail once it is lost. */
export function openRedisHand(port: number): RedisHand {
  const take = createFramer()
  const waiting: { resolve: (value: RespValue) => void; reject: (cause: Error) => void }[] = []
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const fail = (cause: Error) => {
    for (const { reject } of waiting.splice(0)) reject(cause)
  }
  socket.setTimeout(ANSWER_MS_MAX, () => waiting.length > 0 && socket.destroy())
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection to Redis was lost')))
  socket.on('data', (chunk: Buffer) => {
    for (const { bytes } of take(chunk)) {
      const value = readFrame(bytes)
      const waiter = waiting.shift()
      if (value instanceof Error) waiter?.reject(value)
      else waiter?.resolve(value)
    }
  })
  return {
    call: (...words) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the connection to Redis was lost'))
        waiting.push({ resolve, reject })
        socket.write(toFrame(words))
      }),
    close: () => void socket.destroy(),
  }
}

/** One command on a connection of its own. */
export async function callRedis(
  port: number,
  ...words: readonly (string | number)[]
): Promise<RespValue> {
  const hand = openRedisHand(port)
  try {
    return await hand.call(...words)
  } finally {
    hand.close()
  }
}
