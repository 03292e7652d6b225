import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type CallersOptions, openCallers } from './callers.ts'

/**
 * The same callers in a process of their own: whoever measures how long something takes must not
 * be kept busy by the load under which it does.
 */
export interface CallersApart {
  count(): Promise<number>
  /** Why each of those failed that went wrong. */
  failures(): Promise<readonly string[]>
  pace(everyMs: number): void
  stop(): Promise<void>
}

/** What is said to that process; `tell` is answered by a Told. */
type Order =
  | { readonly kind: 'open'; readonly options: Omit<CallersOptions, 'request'>; request: string }
  | { readonly kind: 'pace'; readonly everyMs: number }
  | { readonly kind: 'tell' }

interface Told {
  readonly count: number
  readonly failures: readonly string[]
}

export function openCallersApart({ request, ...options }: CallersOptions): CallersApart {
  const child = fork(fileURLToPath(import.meta.url))
  const order = (what: Order) => child.send(what)
  async function ask(): Promise<Told> {
    order({ kind: 'tell' })
    const [told] = await once(child, 'message')
    return told as Told
  }
  order({ kind: 'open', options, request: Buffer.from(request).toString('base64') })
  return {
    count: async () => (await ask()).count,
    failures: async () => (await ask()).failures,
    pace: (everyMs) => void order({ kind: 'pace', everyMs }),
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

function serve(): void {
  let callers: ReturnType<typeof openCallers> | undefined
  process.on('message', (order: Order) => {
    if (order.kind === 'open') {
      callers = openCallers({ ...order.options, request: Buffer.from(order.request, 'base64') })
    } else if (order.kind === 'pace') callers?.pace(order.everyMs)
    else {
      const failures = (callers?.failures ?? []).map(({ why }) => why)
      process.send?.({ count: callers?.count() ?? 0, failures } satisfies Told)
    }
  })
  process.on('disconnect', () => process.exit())
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) serve()
