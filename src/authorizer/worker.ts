import { FAILED, type Question } from './operations.ts'
import type { RunningAuthorizer } from './start.ts'
import type { Order, Post, Word } from './words.ts'

/**
 * The life of a worker: waits for its order to listen, answers for its numbers, and drains when
 * told or when its supervisor is gone. Resolves when it has drained.
 */
export async function serveSupervisor(
  open: (post: Post) => Promise<RunningAuthorizer>,
): Promise<void> {
  // The supervisor alone hears the terminal: it decides who stops and when.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const orders = hearOrders()
  say({ kind: 'up' })
  const running = await open(await orders.listen)
  orders.onReport((id) => {
    const snapshot = running.metrics.snapshot()
    say({ kind: 'report', id, snapshot, readiness: running.readiness() })
  })
  orders.onAsk(async (id, question) => {
    const answer = await running.ask(question).catch(() => FAILED)
    say({ kind: 'told', id, answer })
  })
  say({ kind: 'listening' })
  await orders.drain
  await running.drain(() => say({ kind: 'closed' }))
  if (process.connected) process.disconnect()
}

function hearOrders() {
  let report: ((id: number) => void) | undefined
  let ask: ((id: number, question: Question) => void) | undefined
  let listenNow: (post: Post) => void
  let drainNow: () => void
  const listen = new Promise<Post>((resolve) => {
    listenNow = resolve
  })
  const drain = new Promise<void>((resolve) => {
    drainNow = resolve
  })
  process.on('message', (order: Order) => {
    if (order.kind === 'listen') listenNow(order)
    else if (order.kind === 'report') report?.(order.id)
    else if (order.kind === 'ask') ask?.(order.id, order.question)
    else drainNow()
  })
  // Without a supervisor nobody would replace or stop this process.
  process.once('disconnect', () => drainNow())
  return {
    listen,
    drain,
    onReport(answer: (id: number) => void) {
      report = answer
    },
    onAsk(answer: (id: number, question: Question) => void) {
      ask = answer
    },
  }
}

function say(word: Word): void {
  if (process.connected) process.send?.(word)
}
