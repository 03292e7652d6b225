import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { describe, test } from 'node:test'
import { KEYS_ASK } from '../../bench/load/hit.ts'
import {
  browse,
  CLIENT_ADDRESS,
  COOKIE,
  checkOf,
  type Headers,
  requestOf,
} from '../../bench/load/workload.ts'
import { requireBinary, startProcess } from '../process/servers.ts'
import { choosePorts, copyConfig } from './gateway.ts'
import { ask, type Question } from './wire.ts'

const binary = requireBinary('nginx')

/** What is asked with, and what stands in its hole. */
const CASES: readonly { name: string; own: Headers; variant: string }[] = [
  { name: 'with a session cookie', own: COOKIE, variant: 'x'.repeat(68) },
  {
    ...{ name: 'signed with an API key', own: KEYS_ASK },
    variant: `${'a'.repeat(16)}\r\nX-Auth-Nonce: 1\r\nX-Auth-Signature: b\r\nX-Auth-Version: 2`,
  },
  {
    ...{ name: 'signed with an API key, its body too', own: KEYS_ASK },
    variant:
      `${'a'.repeat(16)}\r\nX-Auth-Nonce: 1\r\nX-Auth-Signature: b\r\nX-Auth-Version: 2` +
      '\r\nContent-Digest: sha-256=:YQ==:',
  },
  { name: 'without a credential', own: {}, variant: '' },
]

/** Answers every request with 401 and keeps what it was asked. */
async function listenAndKeep(): Promise<{ server: Server; port: number; heard: string[] }> {
  const heard: string[] = []
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (!text.endsWith('\r\n\r\n')) return
      heard.push(text)
      text = ''
      socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port, heard }
}

function questionOf(own: Headers, variant: string): Question {
  const [first = '', ...lines] = requestOf(browse(own, [variant]))
    .trimEnd()
    .split('\r\n')
  const headers = lines.map((line) => line.split(': ', 2) as [string, string])
  return { target: first.split(' ')[1] ?? '', headers }
}

describe('what benchmarks ask is what a real nginx asks', { skip: binary.skip }, () => {
  test('byte for byte, but for the address of the client', async () => {
    const authorizer = await listenAndKeep()
    const behind = { authorizer: authorizer.port, identity: 1, application: 1 }
    const ports = await choosePorts(behind)
    const folder = await copyConfig('nginx', ['listen.conf', 'dvara/upstreams.conf'], ports)
    const nginx = await startProcess({
      ...{ name: 'nginx', command: binary.path, folder, ready: { port: ports.gateway } },
      args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'],
    })
    try {
      for (const { name, own, variant } of CASES) {
        await ask(ports.gateway, questionOf(own, variant))
        const asked = requestOf(checkOf(own, [variant])).replace(CLIENT_ADDRESS, '127.0.0.1')
        assert.equal(authorizer.heard.pop(), asked, name)
      }
    } finally {
      await nginx.stop()
      authorizer.server.close()
    }
  })
})
