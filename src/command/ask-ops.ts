import { request } from 'node:http'
import type { ListenAddress } from '../config/parsers.ts'

export interface OpsQuestion {
  /** With its query. */
  readonly path: string
  /** Sent as JSON, by POST; without it, GET. */
  readonly body?: unknown
  readonly withinMs: number
}

export interface OpsReply {
  readonly status: number
  readonly text: string
}

/** More than the longest of what an ops listener says: a thousand decisions. */
const REPLY_CHARS_MAX = 32 * 1024 * 1024

/** Asks an ops listener. Rejects with an Error whose message says, in a few words, why in vain. */
export function askOps(place: ListenAddress, question: OpsQuestion): Promise<OpsReply> {
  const { path, body, withinMs } = question
  const at =
    place.kind === 'unix' ? { socketPath: place.path } : { host: place.host, port: place.port }
  const asked =
    body === undefined
      ? { method: 'GET' }
      : { method: 'POST', headers: { 'Content-Type': 'application/json' } }
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...at, ...asked, path }, (reply) => {
      let text = ''
      reply.setEncoding('utf8')
      reply.on('data', (part: string) => {
        text += part
        if (text.length > REPLY_CHARS_MAX) outgoing.destroy(new Error('its answer has no end'))
      })
      reply.once('error', reject)
      reply.once('end', () => resolve({ status: reply.statusCode ?? 0, text }))
    })
    outgoing.setTimeout(withinMs, () => {
      outgoing.destroy(new Error(`no answer in ${withinMs} ms`))
    })
    outgoing.once('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
