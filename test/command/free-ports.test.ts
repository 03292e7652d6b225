import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { assertFree } from '../../src/command/free-ports.ts'

const at = (port: number, host = '127.0.0.1') => ({ kind: 'tcp', host, port }) as const

test('a port is free, then taken, then free again', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  await assert.rejects(assertFree([at(0), at(port)]), {
    message: new RegExp(
      `^Cannot listen on 127.0.0.1:${port} \\(EADDRINUSE\\): the port is taken.*\\.$`,
    ),
  })
  holder.close()
  await once(holder, 'close')
  await assertFree([at(port)])
  await assertFree([at(port)])
})

test('an address of another machine is named', async () => {
  await assert.rejects(assertFree([at(9090, '192.0.2.1')]), {
    message:
      /^Cannot listen on 192\.0\.2\.1:9090 \(EADDRNOTAVAIL\): .* not of this machine\. .*\.$/,
  })
})

test('a socket’s path and any port are not looked at', async () => {
  await assertFree([{ kind: 'unix', path: '/nowhere/dvara.sock' }, at(0)])
})
