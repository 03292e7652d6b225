/** What is peculiar to this engine; conformance.test.ts holds what both promise. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { loadUws } from '../../src/gateway/engine-uws.ts'
import { exchange, readWire, valuesOf } from './client.ts'
import { networks, openServer } from './opened.ts'

test('a binary loads here, with our limit on heads', async () => {
  const loaded = await loadUws()
  assert.equal(loaded.kind, 'loaded')
  assert.equal(process.env.UWS_HTTP_MAX_HEADERS_SIZE, '32768')
})

test('a PROXY protocol preface, which anybody may send, changes no peer', async (t) => {
  const opened = await openServer('uws', { trustedGateways: networks('10.0.0.0/8') })
  t.after(() => opened.server.close())
  const signature = '\r\n\r\n\0\r\nQUIT\n'
  // Version 2, PROXY, TCP over IPv4, 12 bytes: from 10.0.0.1:1 to 10.0.0.2:2.
  const preface = `${signature}\x21\x11\x00\x0c\x0a\0\0\x01\x0a\0\0\x02\0\x01\0\x02`
  const heard = await exchange(opened.port, preface + readWire('nginx'))
  const reasons = heard.replies.map((reply) => valuesOf(reply, 'x-auth-reason')[0])
  assert.ok(heard.isClosed || reasons[0] === 'authz.untrusted_gateway')
  assert.deepEqual(opened.checks, [])
})

test('a HEAD whose refusal ends the connection is answered first', async (t) => {
  const opened = await openServer('uws', { trustedGateways: networks() })
  t.after(() => opened.server.close())
  const options = { isHead: true, untilClosed: true }
  const heard = await exchange(opened.port, readWire('haproxy'), options)
  assert.equal(heard.replies[0]?.status, 403)
  assert.ok(heard.isClosed)
})

test('a stranger is refused beside a gateway, whichever came first', async (t) => {
  const opened = await openServer('uws', { trustedGateways: networks('127.0.0.1/32') })
  t.after(() => opened.server.close())
  const reasonFrom = async (localAddress: string) => {
    const { socket, said } = await openSocket(opened.port, localAddress)
    socket.write(readWire('nginx'))
    const text = await said
    return { socket, reason: /x-auth-reason: (\S+)/i.exec(text)?.[1] }
  }
  const gateway = await reasonFrom('127.0.0.1')
  const stranger = await reasonFrom('127.0.0.2')
  const again = await reasonFrom('127.0.0.1')
  for (const { socket } of [gateway, stranger, again]) socket.destroy()
  assert.equal(stranger.reason, 'authz.untrusted_gateway')
  assert.deepEqual([gateway.reason, again.reason], [undefined, undefined])
  assert.equal(opened.checks.length, 2)
})

/** A connection from a local address of its own, and the first that it hears. */
async function openSocket(port: number, localAddress: string) {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  await once(socket, 'connect')
  const said = once(socket, 'data').then(([bytes]) => String(bytes))
  return { socket, said }
}
