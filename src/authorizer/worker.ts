import type { ListenAt } from '../gateway/engine.ts'
import type { RunningAuthorizer } from './start.ts'
import type { Order, Word } from './words.ts'

/**
 * The life of a worker: waits for its order to listen, answers for its numbers, and drains when
 * told or when its supervisor is gone. Resolves when it has drained.
 */
export async function serveSupervisor(
  open: (listenAt: ListenAt) => Promise<RunningAuthorizer>,
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
  say({ kind: 'listening' })
  await orders.drain
  await running.drain()
  if (process.connected) process.disconnect()
}

function hearOrders() {
  let report: ((id: number) => void) | undefined
  let listenNow: (at: ListenAt) => void
  let drainNow: () => void
  const listen = new Promise<ListenAt>((resolve) => {
    listenNow = resolve
  })
  const drain = new Promise<void>((resolve) => {
    drainNow = resolve
  })
  process.on('message', (order: Order) => {
    if (order.kind === 'listen') listenNow(order.at)
    else if (order.kind === 'report') report?.(order.id)
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
  }
}

function say(word: Word): void {
  if (process.connected) process.send?.(word)
}
