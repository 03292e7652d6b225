import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { Fault } from '../core/fault.ts'
import type { InvalidationHandler } from './invalidations.ts'
import { REPORT_CHANNEL } from './member-scripts.ts'
import { type ReportHandler, readReport } from './members.ts'
import { readPush } from './push.ts'
import { redisFault } from './redis-fault.ts'
import { CHANNEL, SCRIPTS } from './scripts.ts'

export interface RedisOptions {
  /** `redis://user:password@host:port/db`, `rediss://…`, or a unix socket's path. */
  readonly url: string
  /** Every call settles within this. */
  readonly commandTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Hears what no caller awaits: a connection lost, a push that could not be read. */
  readonly onFault: (fault: Fault) => void
}

/** Reconnecting is tried this often, however long the outage was: a cut ends in this much. */
const RECONNECT_MS_MAX = 250
export type Argument = string | number | Uint8Array
type ScriptName = keyof typeof SCRIPTS

const SHA1S = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, text]) => [
    name,
    createHash('sha1').update(text).digest('hex'),
  ]),
) as Record<ScriptName, string>

function connect(options: RedisOptions, commandTimeoutMs: number): Redis {
  const fixed = {
    lazyConnect: true,
    enableOfflineQueue: false,
    // A command whose fate is unknown is reported, not sent twice.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    connectTimeout: options.connectTimeoutMs,
    keepAlive: 10_000,
    retryStrategy: (attempts: number) => Math.min(25 * attempts, RECONNECT_MS_MAX),
    commandTimeout: commandTimeoutMs,
  }
  const socket = /^(?:unix:)?(\/[^/].*)$/.exec(options.url)
  if (socket?.[1] !== undefined) return new Redis({ ...fixed, path: socket[1] })
  return new Redis(options.url, fixed)
}

/** The connection for commands. Everything it rejects with is a Fault. */
export interface Link {
  /** Settles when the first attempt has, good or not. */
  readonly opened: Promise<void>
  /** One script; the run id of the server is its first argument. */
  run(name: ScriptName, ...rest: readonly Argument[]): Promise<unknown>
  /** One plain command, for what needs no script. */
  call(name: string, ...rest: readonly Argument[]): Promise<unknown>
  close(): void
}

/** The connection, and the run id of the server that it leads to right now. */
export function openRedisLink(options: RedisOptions): Link {
  const redis = connect(options, options.commandTimeoutMs)
  let runId: string | undefined
  // One report per outage: the driver repeats itself at every attempt to reconnect.
  let isReported = false
  const lost = (cause: unknown) => {
    if (!isReported) options.onFault(redisFault(cause))
    isReported = true
  }
  redis.on('error', lost)
  redis.on('close', () => {
    runId = undefined
  })
  const opened = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, options.connectTimeoutMs)
    const settle = () => {
      clearTimeout(timer)
      resolve()
    }
    redis.on('ready', () => {
      redis.info('server').then((info) => {
        runId = /run_id:(\w+)/.exec(info)?.[1]
        isReported = false
        settle()
      }, lost)
    })
    redis.once('error', settle)
    // Rejects when the first attempt fails; 'error' has said so already.
    redis.connect().catch(settle)
  })

  async function run(name: ScriptName, ...rest: readonly Argument[]): Promise<unknown> {
    if (runId === undefined) throw new Fault('store_unavailable', { about: 'Redis is away' })
    const args = [0, runId, ...rest].map(toWire)
    try {
      return await redis.callBuffer('EVALSHA', SHA1S[name], ...args)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT'))
        throw redisFault(error)
    }
    try {
      return await redis.callBuffer('EVAL', SCRIPTS[name], ...args)
    } catch (error) {
      throw redisFault(error)
    }
  }

  async function call(name: string, ...rest: readonly Argument[]): Promise<unknown> {
    try {
      return await redis.callBuffer(name, ...rest.map(toWire))
    } catch (error) {
      throw redisFault(error)
    }
  }
  return { opened, run, call, close: () => redis.disconnect() }
}

function toWire(argument: Argument): string | Buffer {
  if (typeof argument === 'object') {
    return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
  }
  return String(argument)
}

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
  let redis: Redis | undefined
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
  function confirm(own: Redis): void {
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

  function start(): Redis {
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
