import { connect } from 'node:net'

/** One connection of a client that has one question under way at a time, as bytes. */
export interface Talk {
  /** Its own end; undefined until it is connected. */
  localPort(): number | undefined
  ask(request: Uint8Array): void
  /** Ends it without a word, or after what is under way was sent. */
  destroy(): void
  end(): void
}

export interface TalkHandlers {
  opened(): void
  /** Told of each whole answer: the three digits of its status. */
  answered(status: string): void
  /** Told once, however it ended, and also where it never began. */
  closed(cause: string): void
}

const HEAD_END = '\r\n\r\n'
/** Longer answers come in several pieces. */
const READ_BYTES = 4_096

/**
 * As little as tells one answer from the next: a client of HTTP costs more than the authorizer
 * that it asks.
 */
export function openTalk(port: number, handlers: TalkHandlers): Talk {
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  let text = ''
  let cause = 'the connection was ended'
  function read(bytesCount: number): boolean {
    text += buffer.toString('latin1', 0, bytesCount)
    const headEnd = text.indexOf(HEAD_END)
    if (headEnd < 0 || text.length < headEnd + HEAD_END.length + bodyLength(text)) return true
    const status = text.slice(9, 12)
    text = ''
    handlers.answered(status)
    return true
  }
  // Into memory of its own: a stream's way of reading costs as much as all the rest.
  const onread = { buffer, callback: read }
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread })
  socket.once('connect', handlers.opened)
  socket.on('error', ({ message }) => {
    cause = message
  })
  socket.once('close', () => handlers.closed(cause))
  return {
    localPort: () => socket.localPort,
    ask(request) {
      if (!socket.destroyed) socket.write(request)
    },
    destroy: () => void socket.destroy(),
    end: () => void socket.end(),
  }
}

function bodyLength(text: string): number {
  return Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
}
