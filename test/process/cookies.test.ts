import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { listCookieKeys, rotateCookieKeys } from '../../src/crypto/cookie-keys.ts'
import { until } from './load.ts'
import { type SignedIn, type Stack, startStack } from './stack.ts'

const FORGED_COUNT = 10_000
const CALLERS_COUNT = 32
const HOUR_MS = 3_600_000
/** Two looks, and room for a busy machine. */
const LOOKED_MS = 2_000
const TIMING = { reloadMs: 60_000, skewMs: 30_000, sessionLifetimeMs: HOUR_MS }

let stack: Stack
let admin: SignedIn

before(async () => {
  stack = await startStack({ settings: { DVARA_WORKERS: '2' } })
  admin = await stack.signIn()
})
after(() => stack?.stop())

/** How often Redis has read a session; nothing else of ours asks for several fields of a hash. */
async function countSessionReads(): Promise<number> {
  const text = await sendInline(stack.redis.port, 'INFO commandstats')
  return Number(/cmdstat_hmget:calls=(\d+)/.exec(text)?.[1] ?? 0)
}

function sendInline(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write(`${command}\r\nQUIT\r\n`))
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.once('error', reject)
    socket.once('end', () => resolve(text))
  })
}

/** Cookies as an attacker makes them up: of the right shape, with the hint of a living key. */
function forge(hint: string): string {
  const [id, mac] = [randomBytes(32), randomBytes(18)].map((bytes) => bytes.toString('base64url'))
  return `dvara_session=${id}${hint}${mac}`
}

/** Asks with each, one request behind the other on one connection; what is said to each. */
function askAtOnce(cookies: readonly string[]): Promise<readonly string[]> {
  const { port } = new URL(stack.authorizer.url)
  const head = 'GET /authz/nginx HTTP/1.1\r\nHost: a\r\nX-Original-Method: GET\r\n'
  const asked = 'X-Original-URI: /api/v2/resource/users/me\r\nX-Real-IP: 127.0.0.1\r\n'
  return new Promise((resolve, reject) => {
    const requests = cookies.map((cookie) => `${head}${asked}Cookie: ${cookie}\r\n\r\n`).join('')
    const socket = createConnection(Number(port), '127.0.0.1', () => socket.write(requests))
    let text = ''
    socket.setEncoding('latin1')
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in 10 s')))
    socket.once('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
      const answers = text.split('HTTP/1.1 ').slice(1)
      // The last may not be whole yet; its body ends it.
      if (answers.length < cookies.length || !answers.at(-1)?.endsWith('"]}')) return
      socket.destroy()
      resolve(answers.map((one) => `${one.slice(0, 3)} ${/x-auth-reason: (\S+)/i.exec(one)?.[1]}`))
    })
  })
}

async function countForged(): Promise<number> {
  const text = await (await fetch(`${stack.opsUrl}/metrics`)).text()
  const row = /^dvara_loads_total\{table="sessions",outcome="forged"\} (\d+)$/m.exec(text)
  return Number(row?.[1] ?? 0)
}

test('forged cookies are refused as unknown sessions are, and Redis hears of none', async () => {
  const hint = admin.cookie.split('=')[1]?.charAt(43) ?? ''
  const before = await countSessionReads()
  const cookies = Array.from({ length: FORGED_COUNT }, () => forge(hint))
  const shares = Array.from({ length: CALLERS_COUNT }, (_, caller) =>
    cookies.filter((__, at) => at % CALLERS_COUNT === caller),
  )
  const refused = await Promise.all(shares.map(askAtOnce))
  assert.equal(refused.flat().length, FORGED_COUNT)
  assert.deepEqual(new Set(refused.flat()), new Set(['401 authz.invalid_session']))
  assert.equal(await countSessionReads(), before)
  assert.equal(await countForged(), FORGED_COUNT)
  // The count does see a session that is read.
  const other = await stack.signIn()
  assert.equal((await stack.ask(other)).status, 200)
  assert.ok((await countSessionReads()) > before)
})

test('a forged cookie cannot be logged out either, and Redis is not asked', async () => {
  const before = await countSessionReads()
  const cookie = forge('A')
  const { status } = await stack.call('DELETE', '/api/v2/identity/sessions', { cookie })
  assert.equal(status, 404)
  assert.equal(await countSessionReads(), before)
})

test('a rotation ends no session before its time, on any worker', async () => {
  const { keysDirectory: directory } = stack
  const hintOf = ({ cookie }: SignedIn) => cookie.split('=')[1]?.charAt(43)
  let nowMs = Date.now()
  const rotate = () => rotateCookieKeys({ directory, nowMs, timing: TIMING })
  const old = await stack.signIn()
  await rotate()
  // What a rotation waits for: every process looks at its keys each half second.
  await pause(LOOKED_MS)
  nowMs += HOUR_MS
  await rotate()
  let fresh = old
  await until('the new key seals', async () => {
    fresh = await stack.signIn()
    return hintOf(fresh) !== hintOf(old)
  })
  const untouched = await stack.signIn()
  // Each worker has either seen them or has to load them now.
  for (let count = 0; count < 20; count++) {
    for (const each of [old, fresh]) assert.equal((await stack.ask(each)).status, 200)
  }
  const [, retiring] = await listCookieKeys(directory)
  assert.equal(retiring?.state, 'retiring')
  nowMs += TIMING.reloadMs + HOUR_MS + TIMING.skewMs
  await rotate()
  assert.equal((await stack.ask(untouched)).status, 200)
})

test('without its files the ring in memory holds on', async () => {
  const { keysDirectory: directory } = stack
  const session = await stack.signIn()
  for (const name of await readdir(directory)) {
    if (name.endsWith('.cookie')) await rm(join(directory, name))
  }
  for (let count = 0; count < 20; count++) assert.equal((await stack.ask(session)).status, 200)
  assert.equal((await stack.ask(await stack.signIn())).status, 200)
})
