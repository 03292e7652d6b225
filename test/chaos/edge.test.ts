import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Edge, openEdge } from './edge.ts'
import { toFrame } from './resp.ts'

const PUSH = toFrame(['message', 'c', 'm']).toString()
const SHORT_MS = 60
/** Bounds every wait: what did not happen by then does not happen. */
const PATIENCE_MS = 5_000

let server: Server
let served: Socket[]
let edge: Edge
let client: Socket
let heard: string
let told: string
let draws: number[]

async function startServer(): Promise<Server> {
  const made = createServer((socket) => {
    served.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      told += chunk.toString()
    })
  })
  made.listen(0, '127.0.0.1')
  await once(made, 'listening')
  return made
}

beforeEach(async () => {
  served = []
  heard = ''
  told = ''
  draws = []
  server = await startServer()
  edge = await openEdge({
    name: 'under test',
    targetPort: (server.address() as AddressInfo).port,
    speaks: 'resp',
    random: () => draws.shift() ?? 0.5,
  })
  client = await join()
})
afterEach(async () => {
  client.destroy()
  await edge.close()
  for (const socket of served) socket.destroy()
  server.close()
})

async function join(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: edge.port })
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  const count = served.length
  await once(socket, 'connect')
  await until(() => served.length > count)
  return socket
}

async function until(isTrue: () => boolean): Promise<void> {
  const giveUpAtMs = Date.now() + PATIENCE_MS
  while (!isTrue()) {
    if (Date.now() > giveUpAtMs) throw new Error(`not in time; heard ${heard}, told ${told}`)
    await pause(2)
  }
}

/** Unlike `once`, also after an error. */
const closing = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))

const answer = (text: string) => served[served.length - 1]?.write(text)

test('while nothing is wrong all passes, both ways', async () => {
  client.write('ask')
  await until(() => told === 'ask')
  answer(`+one\r\n${PUSH}`)
  await until(() => heard === `+one\r\n${PUSH}`)
  assert.equal(edge.connectionsCount, 1)
})

test('of pushes some are lost and some come twice; replies are left alone', async () => {
  edge.set({ dropPushes: 0.5, repeatPushes: 0.5 })
  // Lost; not lost and doubled; not lost and not doubled.
  draws = [0.1, 0.9, 0.1, 0.9, 0.9]
  answer(`+a\r\n${PUSH}+b\r\n${PUSH}+c\r\n${PUSH}+d\r\n`)
  await until(() => heard.endsWith('+d\r\n'))
  assert.equal(heard, `+a\r\n+b\r\n${PUSH}${PUSH}+c\r\n${PUSH}+d\r\n`)
  assert.deepEqual([edge.droppedCount, edge.repeatedCount], [1, 1])
})

test('one direction is late, the other is not, and order is kept', async () => {
  edge.set({ delayToClientMs: SHORT_MS })
  const sentAtMs = performance.now()
  answer('+1\r\n')
  answer('+2\r\n')
  client.write('quick')
  await until(() => told === 'quick')
  await until(() => heard === '+1\r\n+2\r\n')
  assert.ok(performance.now() - sentAtMs >= SHORT_MS - 2)
})

test('a delay that ends does not let later bytes overtake', async () => {
  edge.set({ delayToClientMs: SHORT_MS })
  answer('+1\r\n')
  await pause(SHORT_MS / 3)
  edge.heal()
  answer('+2\r\n')
  await until(() => heard === '+1\r\n+2\r\n')
})

test('a black hole swallows one direction without a word, until it is healed', async () => {
  edge.set({ holdToServer: true })
  client.write('lost')
  answer('+heard\r\n')
  await until(() => heard === '+heard\r\n')
  client.destroy()
  await pause(SHORT_MS)
  assert.deepEqual([told, served[0]?.readableEnded], ['', false])
  edge.heal()
  await until(() => told === 'lost')
  await until(() => served[0]?.readableEnded === true)
})

test('a cut resets what is there; a new connection leads to the new target', async () => {
  const closed = closing(client)
  edge.cut()
  await closed
  server.close()
  server = await startServer()
  edge.retarget((server.address() as AddressInfo).port)
  client = await join()
  client.write('there')
  await until(() => told === 'there')
})

test('while it refuses, nobody gets in', async () => {
  edge.set({ isRefusing: true })
  const refused = connect({ host: '127.0.0.1', port: edge.port })
  refused.on('error', () => undefined)
  await closing(refused)
  assert.equal(edge.connectionsCount, 1)
})

test('a frame of the server can be replaced by another', async () => {
  edge.set({ forge: (bytes) => Buffer.from(bytes.toString().replace('head', 'lies')) })
  answer('+head\r\n')
  await until(() => heard === '+lies\r\n')
})
