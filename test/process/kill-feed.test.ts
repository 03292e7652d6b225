import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { projectRoot } from '../../src/config/root.ts'
import { until } from './load.ts'
import { type SignedIn, type Stack, startStack } from './stack.ts'

interface Claims {
  readonly sid: string
  readonly uid: string
  readonly iat: number
}

interface Example {
  followClosings(url: string): { hold(socket: Socket, claims: Claims): void }
}

let stack: Stack
let upstream: Server
let feed: ReturnType<Example['followClosings']>
const accepted: Socket[] = []

before(async () => {
  stack = await startStack()
  upstream = createServer((socket) => accepted.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const file = join(projectRoot, 'docs/examples/close-websockets.mjs')
  const example = (await import(pathToFileURL(file).href)) as Example
  feed = example.followClosings(`${stack.identityOpsUrl}/sessions/closed`)
})
after(async () => {
  for (const socket of accepted) socket.destroy()
  upstream?.close()
  await stack?.stop()
})

async function claimsOf(member: SignedIn): Promise<Claims> {
  const { authorization } = await stack.ask({ cookie: member.cookie })
  return JSON.parse(
    Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString(),
  ) as Claims
}

/** A connection as an upstream would keep it after a WebSocket's handshake. */
async function openStream(claims: Claims): Promise<Socket> {
  const client = connect(upstream.address() as { port: number }).on('error', () => undefined)
  await once(client, 'connect')
  await until('accepted', () => accepted.some(({ remotePort }) => remotePort === client.localPort))
  const socket = accepted.find(({ remotePort }) => remotePort === client.localPort) as Socket
  feed.hold(socket, claims)
  return client.resume()
}

test('a logout closes the connections of its session, and no other', async () => {
  const first = await stack.addMember('streaming')
  const second = await stack.signIn(first.email, 'Correct-Horse7-Battery')
  const claims = await claimsOf(first)
  const [ending, staying] = [await openStream(claims), await openStream(await claimsOf(second))]
  const { status } = await stack.call('DELETE', '/api/v2/identity/sessions', first)
  assert.equal(status, 200)
  await until('closed', () => ending.closed)
  assert.equal(staying.closed, false)
  // One whose handshake was checked before the end, and which comes to be held after it.
  const late = await openStream(claims)
  await until('closed', () => late.closed)
  staying.destroy()
})

test('a restart of the identity API loses no end', async () => {
  const member = await stack.addMember('restarted')
  const open = await openStream(await claimsOf(member))
  const cookie = member.cookie
  stack.identity.kill('SIGKILL')
  await stack.identity.ended()
  await stack.identity.restart()
  await until('signed out', async () => {
    const said = await stack
      .call('DELETE', '/api/v2/identity/sessions', { cookie })
      .catch(() => null)
    return said?.status === 200
  })
  await until('closed', () => open.closed)
})

test('the feed is not for pages in a browser', async () => {
  const headers = { 'Sec-Fetch-Site': 'same-origin' }
  const { status } = await fetch(`${stack.identityOpsUrl}/sessions/closed`, { headers })
  assert.equal(status, 404)
})
