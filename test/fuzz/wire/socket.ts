import { connect } from 'node:net'
import type { Check } from '../../../src/core/check.ts'
import { readWire } from '../../gateway/client.ts'
import { ENGINE_KINDS, type EngineKind, type Opened, openServer } from '../../gateway/opened.ts'
import { hasReservedLine } from '../../reference/request.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'
import { plainReading } from './plain-reading.ts'

interface SocketCase extends Input {
  readonly engine: EngineKind
  /** Bytes as latin1, in the segments in which they are sent. */
  readonly segments: readonly string[]
}

const HEADS = ['nginx', 'traefik', 'caddy', 'envoy', 'haproxy', 'barong'].map(readWire)
/** Both engines hang up on a head that ends in the middle, at the latest when we do. */
const REPLY_MS_MAX = 5_000

/**
 * A server on a socket is sent heads that were damaged on the way. Whatever comes: it lives, it
 * asks at most once, and what it asks is what a plain reader finds in the bytes.
 */
export const socketTarget = target<SocketCase>({
  name: 'socket',
  about: 'damaged heads on a real socket: one check as the bytes say it, or none',
  share: 1,
  start() {
    const servers = new Map<EngineKind, Promise<Opened>>()
    return {
      draw: drawBytes,
      async judge({ engine, segments }) {
        const opening = servers.get(engine) ?? openServer(engine)
        servers.set(engine, opening)
        const opened = await opening
        opened.checks.length = 0
        const raw = await exchange(opened.port, segments)
        return judge(segments.join(''), raw, opened.checks)
      },
      async stop() {
        for (const opening of servers.values()) await (await opening).server.close()
      },
    }
  },
})

function judge(sent: string, heard: string, checks: readonly Check[]): string | undefined {
  if (heard === 'hangs') return 'is neither answered nor cut'
  const statuses = [...heard.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status))
  if (statuses.some((status) => status >= 500 && status !== 505)) return `heard ${statuses}`
  if (checks.length > 1) return `asked ${checks.length} times`
  const [check] = checks
  if (check === undefined) return statuses.includes(200) ? 'passed without being asked' : undefined
  // Gateways refuse such heads before they ask; one engine cuts values at these bytes, and reads
  // no line behind one without a name.
  if (/[\u0080-\u00ff]|\r\n:/.test(sent)) return undefined
  const reading = plainReading(sent)
  if (reading === undefined) return `asked ${JSON.stringify(check)} of what cannot be read`
  if (hasReservedLine({ ...reading, atMs: 0, client: '' })) return 'asked with a reserved header'
  const { method, target: url, host } = reading
  const { path, query } = check
  const asked = `${check.method} ${query === '' ? path : `${path}?${query}`}`
  const said = `${method} ${url.replace(/^([^?]*)\?$/, '$1')}`
  if (asked !== said) return `asked ${asked} and not ${said}`
  return check.host === host.toLowerCase().replace(/\.?(:\d*)?$/, '') ? undefined : 'another host'
}

/** What is heard until the other side hangs up, which it does once we do. */
function exchange(port: number, segments: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    let heard = ''
    const finish = (text: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(() => finish('hangs'), REPLY_MS_MAX)
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', () => finish(heard))
    socket.on('end', () => finish(heard))
    const send = (at: number): void => {
      const segment = segments[at]
      if (segment === undefined) socket.end()
      else socket.write(Buffer.from(segment, 'latin1'), () => setImmediate(send, at + 1))
    }
    send(0)
  })
}

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  '\u007f',
  '\u00ff',
  ',',
  ';',
  '/',
  '?',
  '#',
]
const PIECES = [
  ...['\r\nX-Original-URI: /public', '\r\nX-Original-Method: GET', '\r\nHost: evil.example'],
  ...['\r\nX-Forwarded-Uri: /public', '\r\nX-Forwarded-Host: evil.example', '\r\nX-Dvara-User: a'],
  ...['\r\nTransfer-Encoding: chunked', '\r\nContent-Length: 5', '\r\nContent-Length: 0'],
  ...['\r\n continued', '\r\nX_Original_Uri: /public', '\r\nRemote-User: a', '\r\nno colon'],
  ...[
    '\r\nX-Forwarded-Method: GET',
    '\r\nX-Forwarded-Uri : /public',
    '\r\n\r\n',
    '../',
    '%2e',
    '//',
  ],
]

function drawBytes(dice: Dice): SocketCase {
  let text = dice.pick(HEADS)
  for (let count = dice.below(4); count > 0; count--) text = damage(dice, text)
  return { engine: dice.pick(ENGINE_KINDS), segments: cut(dice, text) }
}

function damage(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1)
  switch (dice.below(6)) {
    case 0:
      return text.slice(0, at) + dice.pick(BYTES) + text.slice(at)
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + dice.below(3))
    case 2: {
      const lines = text.split('\r\n')
      lines.splice(1 + dice.below(lines.length - 1), 0, dice.pick(lines))
      return lines.join('\r\n')
    }
    case 3:
      return text.slice(0, at) + String.fromCharCode(dice.below(128)) + text.slice(at + 1)
    default: {
      const line = text.indexOf('\r\n', dice.below(text.length))
      const place = line === -1 ? at : line
      return text.slice(0, place) + dice.pick(PIECES) + text.slice(place)
    }
  }
}

function cut(dice: Dice, text: string): string[] {
  if (!dice.once(3)) return [text]
  const at = dice.below(text.length + 1)
  return [text.slice(0, at), text.slice(at)].filter((segment) => segment !== '')
}
