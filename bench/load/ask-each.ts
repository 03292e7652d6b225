import { connect } from 'node:net'
import type { Workload } from './workload.ts'

const CONNECTIONS = 64
/** Nobody may keep us waiting longer for one answer. */
const PATIENCE_MS = 10_000

/** Asks every variant once, and rejects unless each is allowed with a token. */
export async function askEach(port: number, workload: Workload): Promise<void> {
  const { head, tail, variants } = workload
  let next = 0
  const wrong: string[] = []
  const take = () => {
    const variant = variants[next++]
    return variant === undefined ? undefined : head + variant + tail
  }
  await Promise.all(
    Array.from({ length: Math.min(CONNECTIONS, variants.length) }, () =>
      askInTurn(port, take, (answer) => {
        const isRight =
          answer.startsWith('HTTP/1.1 200') && /\nauthorization: bearer /i.test(answer)
        if (!isRight) wrong.push(answer)
      }),
    ),
  )
  if (wrong.length === 0) return
  const about = `${wrong.length} of ${variants.length} were not allowed with a token`
  throw new Error(`${about}; the first heard:\n${wrong[0]}`)
}

/** Over one connection, each when the one before was answered; answers have no body. */
function askInTurn(
  port: number,
  take: () => string | undefined,
  hear: (answer: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let text = ''
    function ask(): void {
      const request = take()
      if (request === undefined) socket.destroy()
      else socket.write(request, 'latin1')
    }
    socket.setEncoding('latin1')
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no answer from port ${port}`)))
    socket.once('connect', ask)
    socket.once('error', reject)
    socket.once('close', () => resolve())
    socket.on('data', (part: string) => {
      text += part
      if (!text.endsWith('\r\n\r\n') && !text.endsWith('}')) return
      hear(text)
      text = ''
      ask()
    })
  })
}
