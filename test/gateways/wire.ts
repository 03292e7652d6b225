import { connect, type Socket } from 'node:net'

/** One request, written to the socket as it stands: nothing is normalised, joined or added. */
export interface Question {
  readonly method?: string
  /** The request target; characters up to U+00FF are sent as single bytes. */
  readonly target: string
  /** In order, repeats allowed. Host and Connection are added unless named here. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Sent with its Content-Length; with `isChunked`, in chunks instead. */
  readonly body?: string
  readonly isChunked?: boolean
}

export interface Response {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** Whether all of the body has come, where its length is told. */
  readonly isWhole: boolean
}

const ANSWER_MS = 8_000
const CHUNK_CHARS = 10_000

/** Every value of a response header, whatever its case. */
export function responseValues(response: Response, name: string): string[] {
  const wanted = name.toLowerCase()
  return response.headers.flatMap(([key, value]) => (key.toLowerCase() === wanted ? [value] : []))
}

/** Asks on a connection of its own; the answer ends with its length or with the connection. */
export function ask(port: number, question: Question): Promise<Response> {
  return exchange(port, question, isAnswered)
}

/** Offers a WebSocket; with 101, waits for the upstream's first frame, which becomes `body`. */
export function askUpgrade(port: number, question: Question): Promise<Response> {
  const offer: (readonly [string, string])[] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ]
  const headers = [...offer, ...(question.headers ?? [])]
  return exchange(port, { ...question, headers }, (text, isClosed) => {
    const response = readResponse(text)
    return response?.status === 101
      ? response.body.length > 0 || isClosed
      : isAnswered(text, isClosed)
  })
}

/** Asks several things one after the other on one connection, as a browser would. */
export async function askInTurn(port: number, questions: readonly Question[]): Promise<Response[]> {
  const socket = connect({ host: '127.0.0.1', port })
  const responses: Response[] = []
  try {
    for (const question of questions) {
      const headers = [['Connection', 'keep-alive'] as const, ...(question.headers ?? [])]
      responses.push(await converse(socket, { ...question, headers }, isAnswered))
    }
  } finally {
    socket.destroy()
  }
  return responses
}

type IsComplete = (text: string, isClosed: boolean) => boolean

function isAnswered(text: string, isClosed: boolean): boolean {
  return isClosed || readResponse(text)?.isWhole === true
}

async function exchange(port: number, question: Question, isComplete: IsComplete) {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    return await converse(socket, question, isComplete)
  } finally {
    socket.destroy()
  }
}

function converse(socket: Socket, question: Question, isComplete: IsComplete): Promise<Response> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => settle(`no answer to ${shown(question)} in time`), ANSWER_MS)
    const settle = (failure?: string) => {
      clearTimeout(timer)
      socket.removeAllListeners()
      // A gateway that refuses early resets a connection that we still write to.
      socket.on('error', () => undefined)
      const response = readResponse(text)
      if (response !== undefined && failure === undefined) resolve(response)
      else reject(new Error(failure ?? `no answer to ${shown(question)}, but: ${text}`))
    }
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (isComplete(text, false)) settle()
    })
    socket.on('error', () => settle())
    socket.on('close', () => settle())
    socket.on('end', () => settle())
    socket.write(Buffer.from(spell(question), 'latin1'))
  })
}

function spell(question: Question): string {
  const headers = [...(question.headers ?? [])]
  const has = (name: string) => headers.some(([key]) => key.toLowerCase() === name)
  if (!has('host')) headers.unshift(['Host', 'app.example.com'])
  if (!has('connection')) headers.push(['Connection', 'close'])
  const body = question.body ?? ''
  const isChunked = question.isChunked === true
  if (isChunked) headers.push(['Transfer-Encoding', 'chunked'])
  else if (question.body !== undefined) headers.push(['Content-Length', String(body.length)])
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `${question.method ?? 'GET'} ${question.target} HTTP/1.1\r\n${lines}\r\n`
  return head + (isChunked ? chunks(body) : body)
}

function chunks(body: string): string {
  let text = ''
  for (let at = 0; at < body.length; at += CHUNK_CHARS) {
    const part = body.slice(at, at + CHUNK_CHARS)
    text += `${part.length.toString(16)}\r\n${part}\r\n`
  }
  return `${text}0\r\n\r\n`
}

/** Undefined until the head is complete. The body is as far as it came, without its chunking. */
function readResponse(text: string): Response | undefined {
  const end = text.indexOf('\r\n\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? Number.NaN)
  if (end === -1 || Number.isNaN(status)) return undefined
  const headers = text
    .slice(0, end)
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
    })
  const find = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1]
  const raw = text.slice(end + 4)
  if (find('transfer-encoding') === 'chunked') return { status, headers, ...unchunk(raw) }
  return { status, headers, body: raw, isWhole: raw.length >= Number(find('content-length')) }
}

function unchunk(raw: string): { body: string; isWhole: boolean } {
  let body = ''
  let at = 0
  for (;;) {
    const line = raw.indexOf('\r\n', at)
    const size = Number.parseInt(raw.slice(at, line), 16)
    if (line === -1 || Number.isNaN(size)) return { body, isWhole: false }
    if (size === 0) return { body, isWhole: true }
    body += raw.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
  }
}

function shown(question: Question): string {
  return `${question.method ?? 'GET'} ${question.target.slice(0, 100)}`
}
