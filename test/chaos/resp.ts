/** RESP, versions 2 and 3: as much of it as tells one whole frame from the next. */
export interface Frame {
  readonly bytes: Buffer
  /** What was published and nobody asked for. Confirmations of a subscription are replies. */
  readonly isPush: boolean
}

export type RespValue = string | number | null | readonly RespValue[] | Error

/** Longer than any reply here; what exceeds it is no RESP. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024

/** `>` or `*`, then the first word of what subscribers hear. */
const PUSH = /^[>*]\d+\r\n\$\d+\r\n(message|pmessage|smessage|invalidate)\r\n/
const PUSH_HEAD_BYTES = 32

/** Where the frame that begins at `at` ends; undefined while a part of it is still to come. */
function frameEnd(bytes: Buffer, at: number): number | undefined {
  let pendingCount = 1
  let position = at
  while (pendingCount > 0) {
    const eol = bytes.indexOf('\r\n', position, 'latin1')
    if (eol < 0) return undefined
    const type = String.fromCharCode(bytes[position] as number)
    const count = '$!=*~>%|'.includes(type)
      ? Number(bytes.toString('latin1', position + 1, eol))
      : 0
    if (!Number.isSafeInteger(count) || count > FRAME_BYTES_MAX) throw new Error('not RESP')
    position = eol + 2
    if ('$!='.includes(type)) position += count < 0 ? 0 : count + 2
    if ('*~>'.includes(type)) pendingCount += Math.max(0, count)
    if ('%|'.includes(type)) pendingCount += 2 * count
    // An attribute stands before the frame that it is about.
    if (type !== '|') pendingCount -= 1
  }
  return position <= bytes.length ? position : undefined
}

/** Cuts what arrives in any pieces into whole frames. */
export function createFramer(): (chunk: Buffer) => Frame[] {
  let kept: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    const frames: Frame[] = []
    let at = 0
    for (;;) {
      const end = at < bytes.length ? frameEnd(bytes, at) : undefined
      if (end === undefined) break
      const head = bytes.toString('latin1', at, Math.min(end, at + PUSH_HEAD_BYTES))
      frames.push({ bytes: bytes.subarray(at, end), isPush: PUSH.test(head) })
      at = end
    }
    kept = bytes.subarray(at)
    return frames
  }
}

/** The value of one whole frame; text is read as latin1, so that no byte is lost. */
export function readFrame(bytes: Buffer): RespValue {
  return readAt(bytes, 0).value
}

function readAt(bytes: Buffer, at: number): { value: RespValue; end: number } {
  const eol = bytes.indexOf('\r\n', at, 'latin1')
  const type = String.fromCharCode(bytes[at] as number)
  const line = bytes.toString('latin1', at + 1, eol)
  const count = Number(line)
  const end = eol + 2
  if (type === '+') return { value: line, end }
  if (type === '-') return { value: new Error(line), end }
  if (type === ':') return { value: count, end }
  if (type === '$' && count >= 0) {
    return { value: bytes.toString('latin1', end, end + count), end: end + count + 2 }
  }
  if (!'*~>%'.includes(type) || count < 0) return { value: null, end }
  const values: RespValue[] = []
  let position = end
  for (let left = type === '%' ? 2 * count : count; left > 0; left--) {
    const one = readAt(bytes, position)
    values.push(one.value)
    position = one.end
  }
  return { value: values, end: position }
}

/** One command, or what a server says: an array of bulk strings. */
export function toFrame(words: readonly (string | number)[]): Buffer {
  const parts = words.map((word) => {
    const text = String(word)
    return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
  })
  return Buffer.from(`*${words.length}\r\n${parts.join('')}`)
}
