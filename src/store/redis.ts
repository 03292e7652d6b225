import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { Fault } from '../core/fault.ts'
import type { Board, Notice, Posting } from './board.ts'
import {
  EPOCH_STRIDE,
  GENERATION_MS,
  LOG_ENTRIES_MAX,
  SINCE_ENTRIES_MAX,
  TOMBSTONE_MS,
} from './board.ts'
import type { InvalidationHandler } from './invalidations.ts'
import { readEntry, readPush } from './push.ts'
import { redisFault } from './redis-fault.ts'
import { latin, list, number, readHead, readLoaded } from './redis-reply.ts'
import { CHANNEL, SCRIPTS } from './scripts.ts'
import type { Touch } from './sessions.ts'

export interface RedisBoardOptions {
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
/** Extensions in one script: a longer batch would hold Redis up for everybody else. */
const TOUCHES_MAX = 500

type Argument = string | number | Uint8Array
type ScriptName = keyof typeof SCRIPTS

const SHA1S = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, text]) => [
    name,
    createHash('sha1').update(text).digest('hex'),
  ]),
) as Record<ScriptName, string>

/**
 * Opens the connection for commands and waits for it at most `connectTimeoutMs`. A Redis that
 * is away is no failure here: calls throw `store_unavailable` at once until it is back.
 */
export async function openRedisBoard(options: RedisBoardOptions): Promise<Board> {
  const redis = connect(options, options.commandTimeoutMs)
  const link = createLink(redis, options)
  const subscriber = createSubscriber(options)
  await link.opened
  return createRedisBoard(link, subscriber)
}

function connect(options: RedisBoardOptions, commandTimeoutMs: number): Redis {
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

interface Link {
  readonly redis: Redis
  readonly opened: Promise<void>
  run(name: ScriptName, ...rest: readonly Argument[]): Promise<unknown>
}

/** The connection, and the run id of the server that it leads to right now. */
function createLink(redis: Redis, options: RedisBoardOptions): Link {
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
  return { redis, opened, run }
}

function toWire(argument: Argument): string | Buffer {
  if (typeof argument === 'object') {
    return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
  }
  return String(argument)
}

interface Subscriber {
  subscribe(handler: InvalidationHandler): Promise<void>
  close(): void
}

/** Its own connection: `interrupted()` follows each time pushes flow again after a cut. */
function createSubscriber(options: RedisBoardOptions): Subscriber {
  const handlers = new Set<InvalidationHandler>()
  let redis: Redis | undefined
  let isConfirmed = false
  let isClosed = false
  const waiters = new Set<() => void>()

  function toEach(call: (handler: InvalidationHandler) => void): void {
    for (const handler of handlers) {
      try {
        call(handler)
      } catch (cause) {
        options.onFault(new Fault('store_garbage', { cause, about: 'a handler threw' }))
      }
    }
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
    // The driver says ready before the server has confirmed the subscription.
    own.on('ready', () => {
      own.subscribe(CHANNEL).then(
        () => {
          isConfirmed = true
          for (const wake of waiters) wake()
          toEach((handler) => handler.interrupted())
        },
        () => own.disconnect(true),
      )
    })
    own.on('message', (_channel, text) => {
      const message = readPush(text)
      if (message !== undefined) toEach((handler) => handler.invalidated(message))
      else toEach((handler) => handler.interrupted())
    })
    own.connect().catch(() => undefined)
    return own
  }

  return {
    async subscribe(handler) {
      handlers.add(handler)
      redis ??= start()
      if (isConfirmed || (await isWoken())) return
      const about = 'not subscribed yet; it goes on trying and says interrupted() when it is'
      throw new Fault('store_unavailable', { about })
    },
    close() {
      isClosed = true
      handlers.clear()
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

function createRedisBoard(link: Link, subscriber: Subscriber): Board {
  const { run, redis } = link
  return {
    load: async (hash) => readLoaded(await run('load', hash)),
    async touch(batch) {
      for (let at = 0; at < batch.length; at += TOUCHES_MAX) {
        const part = batch.slice(at, at + TOUCHES_MAX)
        await run('touch', ...part.flatMap((one) => [one.hash, one.idleAtMs]))
      }
    },
    async heartbeat(worker, appliedSeq) {
      return readHead(await run('heartbeat', worker, appliedSeq))
    },
    async since(seq) {
      const entries = await run('since', seq, SINCE_ENTRIES_MAX)
      return entries === null ? undefined : list(entries).map(readEntry)
    },
    subscribe: (handler) => subscriber.subscribe(handler),
    async leave(worker) {
      await redis.hdel('{dv}m', worker).catch((cause) => {
        throw redisFault(cause)
      })
    },
    async open(posting, epochNumber) {
      const outcome = latin(await run('open', epochNumber, ...postingArguments(posting)))
      return outcome === 'opened' || outcome === 'moved' ? outcome : 'outdated'
    },
    apply: async (notice) => number(await run('apply', ...applyArguments(notice))),
    async idleDeadlines(hashes) {
      if (hashes.length === 0) return []
      const found = list(await run('idle', ...hashes)).map(latin)
      return found.map((one) => (one === '' ? undefined : Number(one)))
    },
    async takeTouched(max) {
      const taken = list(await run('take', max)).map(latin)
      const touches: Touch[] = []
      for (let at = 0; at + 1 < taken.length; at += 2) {
        touches.push({ hash: taken[at] as string, idleAtMs: Number(taken[at + 1]) })
      }
      return touches
    },
    isSealed: async () => (await run('isSealed')) === 1,
    async begin(epochNumber) {
      await run('begin', epochNumber)
    },
    async prepare(epochNumber, postings, ended) {
      const records = postings.flatMap(postingArguments)
      await run('prepare', epochNumber, GENERATION_MS, ended.length, ...ended, ...records)
    },
    async seal(epochNumber) {
      await run('seal', epochNumber, epochNumber * EPOCH_STRIDE)
    },
    async ping() {
      await run('isSealed')
    },
    async close() {
      subscriber.close()
      redis.disconnect()
    },
  }
}

function postingArguments(one: Posting): readonly Argument[] {
  const { hash, uid, session, idleAtMs, endsAtMs, generation, principalVersion, principal } = one
  return [hash, uid, session, idleAtMs, endsAtMs, generation, principalVersion, principal]
}

function applyArguments(notice: Notice): readonly Argument[] {
  const { scope, id, ended, kept, principal } = notice
  const until = Date.now() + TOMBSTONE_MS
  return [
    ...[scope, id, TOMBSTONE_MS, LOG_ENTRIES_MAX],
    ...[ended.length, ...ended],
    ...[kept.length, ...kept.flatMap((one) => [one.hash, one.generation])],
    ...(principal === undefined
      ? []
      : [principal.uid, principal.version, principal.record, principal.generation, until]),
    ...(principal === undefined ? [] : [GENERATION_MS]),
  ]
}
