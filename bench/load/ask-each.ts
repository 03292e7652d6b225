import { connect } from 'node:net'
import type { Workload } from './workload.ts'

const CONNECTIONS = 256
/** Nobody may keep us waiting longer for one answer. */
const PATIENCE_MS = 10_000

/** Of all; a collection of gigabytes of garbage may make a load late, which is a refusal. */
const WRONG_SHARE_MAX = 0.001
const ATTEMPTS_MAX = 3

/**
 * Asks every variant once, and those that were refused again, as a client would. Rejects unless
 * each is allowed with a token in the end.
 */
export async function askEach(port: number, workload: Workload): Promise<void> {
  const { variants } = workload
  let asked = variants
  for (let attempt = 1; asked.length > 0; attempt++) {
    const wrong = await askOnceEach(port, { ...workload, variants: asked })
    const isOver = attempt === ATTEMPTS_MAX || wrong.length > variants.length * WRONG_SHARE_MAX
    if (wrong.length > 0 && isOver) {
      const about = `${wrong.length} of ${variants.length} were not allowed with a token`
      throw new Error(`${about}; the first heard:\n${wrong[0]?.answer}`)
    }
    asked = wrong.map(({ variant }) => variant)
  }
}

interface Wrong {
  readonly variant: string
  readonly answer: string
}

async function askOnceEach(port: number, { head, tail, variants }: Workload): Promise<Wrong[]> {
  const wrong: Wrong[] = []
  let next = 0
  const take = () => {
    const variant = variants[next++]
    if (variant === undefined) return undefined
    return {
      request: head + variant + tail,
      hear(answer: string) {
        const isRight = answer.startsWith('HTTP/1.1 200') && TOKEN.test(answer)
        if (!isRight) wrong.push({ variant, answer })
      },
    }
  }
  const count = Math.min(CONNECTIONS, variants.length)
  await Promise.all(Array.from({ length: count }, () => askInTurn(port, take)))
  return wrong
}

const TOKEN = /\nauthorization: bearer /i

interface Question {
  readonly request: string
  readonly hear: (answer: string) => void
}

/** Over one connection, each when the one before was answered; answers have no body. */
function askInTurn(port: number, take: () => Question | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let text = ''
    let current: Question | undefined
    function ask(): void {
      current = take()
      if (current === undefined) socket.destroy()
      else socket.write(current.request, 'latin1')
    }
    socket.setEncoding('latin1')
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no answer from port ${port}`)))
    socket.once('connect', ask)
    socket.once('error', reject)
    socket.once('close', () => resolve())
    socket.on('data', (part: string) => {
      text += part
      if (!text.endsWith('\r\n\r\n') && !text.endsWith('}')) return
      current?.hear(text)
      text = ''
      ask()
    })
  })
}
