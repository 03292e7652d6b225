import { connect } from 'node:net'
import { requestOf, type Workload } from './workload.ts'

/** A whole answer, as somebody else may repeat it. */
export interface Answer {
  /** `200 OK` */
  readonly status: string
  /** Without those that engines add by themselves. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** Of its head, on the wire. */
  readonly headBytes: number
}

/** Each engine writes its own. */
const ADDED = new Set(['date', 'content-length', 'connection', 'keep-alive', 'uwebsockets'])
const PATIENCE_MS = 10_000

/** Asks once and reads the answer from the wire. */
export function askOnce(port: number, workload: Workload): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
    socket.on('data', (part: string) => {
      text += part
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
      if (text.length < end + 4 + length) return
      socket.destroy()
      resolve(parseAnswer(text.slice(0, end + 4), text.slice(end + 4)))
    })
    socket.write(requestOf(workload), 'latin1')
  })
}

export function parseAnswer(head: string, body: string): Answer {
  const [first = '', ...lines] = head.trimEnd().split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return {
    status: first.slice('HTTP/1.1 '.length),
    headers: headers.filter(([name]) => !ADDED.has(name.toLowerCase())),
    body,
    headBytes: head.length,
  }
}

/** As a server's argument. */
export function readAnswer(text: string | undefined): Answer {
  if (text === undefined) throw new Error('arguments: port, answer as JSON')
  return JSON.parse(text) as Answer
}
