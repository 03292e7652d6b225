import { createHmac } from 'node:crypto'

/** Something that an authorizer is asked to accept, as the bytes of a whole check. */
export interface Credential {
  readonly id: number
  request(): Buffer
}

/** Which credentials are asked about next: most of all those that were just taken away. */
export interface Credentials {
  add(request: () => Buffer): number
  /** Never taken away: whoever refuses it is not available. */
  keep(id: number): void
  /** Good now, to be taken away later. */
  admit(id: number): void
  /** It is being taken away: from now on asked about often, later now and then. */
  strike(id: number): void
  /** The bytes by which this one is asked about. */
  requestOf(id: number): Buffer
  next(): { readonly credential: number; readonly request: Buffer }
}

/** Those struck last get this many times the attention of others. */
const FRESH_MAX = 16
const STRUCK_MAX = 4_096

export function createCredentials(random: () => number): Credentials {
  const all: Credential[] = []
  const kept: number[] = []
  const live: number[] = []
  const fresh: number[] = []
  const struck: number[] = []
  const pick = (ids: readonly number[]) => ids[Math.floor(random() * ids.length)]

  function draw(): number {
    const share = random()
    const wanted = share < 0.4 ? fresh : share < 0.5 ? struck : share < 0.7 ? live : kept
    return pick(wanted) ?? pick(kept) ?? 0
  }

  return {
    add(request) {
      all.push({ id: all.length, request })
      return all.length - 1
    },
    keep: (id) => void kept.push(id),
    admit: (id) => void live.push(id),
    strike(id) {
      const at = live.indexOf(id)
      if (at >= 0) live.splice(at, 1)
      fresh.push(id)
      if (fresh.length <= FRESH_MAX) return
      struck.push(fresh.shift() as number)
      if (struck.length > STRUCK_MAX) struck.shift()
    },
    requestOf: (id) => (all[id] as Credential).request(),
    next() {
      const { id, request } = all[draw()] as Credential
      return { credential: id, request: request() }
    },
  }
}

/** A check as nginx sends it, with these lines. */
function checkOf(uri: string, lines: readonly string[]): Buffer {
  return Buffer.from(
    [
      'GET /authz/nginx HTTP/1.1',
      'Host: app.example',
      'X-Original-Method: GET',
      `X-Original-URI: ${uri}`,
      'X-Real-IP: 127.0.0.1',
      ...lines,
      '',
      '',
    ].join('\r\n'),
  )
}

export function cookieRequest(cookie: string, uri: string): () => Buffer {
  const bytes = checkOf(uri, [`Cookie: ${cookie}`])
  return () => bytes
}

/** A signature is good for some seconds: a new one is made each second. */
const SIGNED_FOR_MS = 1_000

export function keyRequest(kid: string, secret: string, uri: string): () => Buffer {
  let madeAtMs = 0
  let bytes: Buffer = Buffer.alloc(0)
  return () => {
    const nowMs = Date.now()
    if (nowMs - madeAtMs < SIGNED_FOR_MS) return bytes
    madeAtMs = nowMs
    const signature = createHmac('sha256', secret).update(`${nowMs}${kid}`).digest('hex')
    const lines = [
      `X-Auth-Apikey: ${kid}`,
      `X-Auth-Nonce: ${nowMs}`,
      `X-Auth-Signature: ${signature}`,
    ]
    bytes = checkOf(uri, lines)
    return bytes
  }
}
