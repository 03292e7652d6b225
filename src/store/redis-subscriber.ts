import { Fault } from '../core/fault.ts'
import type { InvalidationHandler } from './invalidations.ts'
import { REPORT_CHANNEL } from './member-scripts.ts'
import { type ReportHandler, readReport } from './members.ts'
import { readPush } from './push.ts'
import { connect, RECONNECT_MS_MAX, type RedisOptions } from './redis-link.ts'
import { CHANNEL } from './scripts.ts'

type Connection = ReturnType<typeof connect>

export interface Subscriber {
  subscribe(handler: InvalidationHandler): Promise<void>
  hearReports(handler: ReportHandler): Promise<void>
  close(): void
}

/** Who listens on a channel: each message, and each time messages may have been lost. */
interface Listener {
  readonly channel: string
  message(text: string): void
  lost(): void
}

/** Its own connection: `lost()` follows each time messages flow again after a cut. */
export function createSubscriber(options: RedisOptions): Subscriber {
  const listeners = new Set<Listener>()
  let redis: Connection | undefined
  let isConfirmed = false
  let isClosed = false
  const waiters = new Set<() => void>()

  function guarded(call: () => void): void {
    try {
      call()
    } catch (cause) {
      options.onFault(new Fault('store_garbage', { cause, about: 'a handler threw' }))
    }
  }

  /** The driver says ready before the server has confirmed the subscription. */
  function confirm(own: Connection): void {
    isConfirmed = false
    const asked = [...listeners]
    own.subscribe(...new Set(asked.map(({ channel }) => channel))).then(
      () => {
        isConfirmed = asked.length === listeners.size
        if (isConfirmed) for (const wake of waiters) wake()
        for (const one of asked) guarded(() => one.lost())
      },
      () => own.disconnect(true),
    )
  }

  function start(): Connection {
    const own = connect(options, options.connectTimeoutMs)
    // The connection for commands reports the outage; both lead to the same server.
    own.on('error', () => undefined)
    own.on('end', () => {
      if (!isClosed) setTimeout(() => own.connect().catch(() => undefined), RECONNECT_MS_MAX)
    })
    own.on('close', () => {
      isConfirmed = false
    })
    own.on('ready', () => confirm(own))
    own.on('message', (channel, text) => {
      for (const one of listeners) if (one.channel === channel) guarded(() => one.message(text))
    })
    own.connect().catch(() => undefined)
    return own
  }

  async function listen(listener: Listener): Promise<void> {
    listeners.add(listener)
    if (redis === undefined) redis = start()
    else if (redis.status === 'ready') confirm(redis)
    if (isConfirmed || (await isWoken())) return
    const about = 'not subscribed yet; it goes on trying and tells its handler when it is'
    throw new Fault('store_unavailable', { about })
  }

  return {
    subscribe: (handler) =>
      listen({
        channel: CHANNEL,
        message(text) {
          const read = readPush(text)
          if (read !== undefined) handler.invalidated(read)
          else handler.interrupted()
        },
        lost: () => handler.interrupted(),
      }),
    hearReports: (handler) =>
      listen({
        channel: REPORT_CHANNEL,
        message(text) {
          const read = readReport(text)
          if (read !== undefined) handler.reported(read.worker, read.appliedSeq)
          else handler.changed()
        },
        lost: () => handler.changed(),
      }),
    close() {
      isClosed = true
      listeners.clear()
      redis?.disconnect()
    },
  }

  function isWoken(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (outcome: boolean) => {
        clearTimeout(timer)
        waiters.delete(wake)
        resolve(outcome)
      }
      const wake = () => settle(true)
      const timer = setTimeout(() => settle(false), options.connectTimeoutMs)
      waiters.add(wake)
    })
  }
}
