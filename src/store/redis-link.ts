import { createHash } from 'node:crypto'
import { createConnection as connectNet } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AbstractConnector, type RedisOptions as Given, Redis } from 'ioredis'
import { Fault } from '../core/fault.ts'
import { quickenStrings } from './quick-strings.ts'
import { redisFault } from './redis-fault.ts'
import { parseRedisUrl, type RedisNode, type RedisTarget } from './redis-url.ts'
import { SCRIPTS } from './scripts.ts'

// The driver that was just loaded makes every string in this process slow.
quickenStrings()

export interface RedisOptions {
  /** In one of the forms of `parseRedisUrl`. */
  readonly url: string
  /** Who vouches for the server, in PEM; the system's own certificates if undefined. */
  readonly ca?: string | undefined
  /** Every call settles within this. */
  readonly commandTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Hears what no caller awaits: a connection lost, a push that could not be read. */
  readonly onFault: (fault: Fault) => void
}

/** Reconnecting is tried this often, however long the outage was: a cut ends in this much. */
export const RECONNECT_MS_MAX = 250
export type Argument = string | number | Uint8Array
type ScriptName = keyof typeof SCRIPTS

const SHA1S = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, text]) => [
    name,
    createHash('sha1').update(text).digest('hex'),
  ]),
) as Record<ScriptName, string>

/** Errors of a server that is not, or no longer, the one to ask: ask who is. */
const ELSEWHERE = /^(READONLY|MOVED|CLUSTERDOWN|MASTERDOWN)\b/

/** The driver’s, but for one that its own constructor does not take undefined. */
type DriverOptions = Omit<Given, 'replyMapping'>

/** A connection that is not made yet. */
export function connect(options: RedisOptions, commandTimeoutMs: number): Redis {
  const target = parseRedisUrl(options.url)
  if (target === undefined) throw new Fault('store_rejected', { about: 'the URL of Redis' })
  const { username, password, database: db, path } = target
  const tls = target.isTls ? { ...(options.ca === undefined ? {} : { ca: options.ca }) } : undefined
  const fixed: DriverOptions = {
    lazyConnect: true,
    enableOfflineQueue: false,
    // A command whose fate is unknown is reported, not sent twice.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    connectTimeout: options.connectTimeoutMs,
    keepAlive: 10_000,
    retryStrategy: (attempts: number) => Math.min(25 * attempts, RECONNECT_MS_MAX),
    reconnectOnError: (error) => ELSEWHERE.test(error.message),
    commandTimeout: commandTimeoutMs,
    ...{ db, ...(tls === undefined ? {} : { tls }) },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
  if (path !== undefined) return new Redis({ ...fixed, path })
  if (target.kind === 'sentinel') return new Redis({ ...fixed, ...sentinelOptions(target, tls) })
  if (target.kind === 'cluster') return new Redis({ ...fixed, Connector: ownerOf(target, fixed) })
  return new Redis({ ...fixed, ...target.nodes[0] })
}

function sentinelOptions(target: RedisTarget, tls: object | undefined): DriverOptions {
  const { nodes, primary: name, sentinelUsername, sentinelPassword } = target
  return {
    sentinels: [...nodes],
    name,
    sentinelRetryStrategy: () => RECONNECT_MS_MAX,
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  }
}

/**
 * Leads each connection to whoever has our slot: all keys are in one, so a cluster is one server
 * that may change. A client that follows redirections by itself would not know whose answer it has.
 */
function ownerOf({ nodes }: RedisTarget, { tls, ...fixed }: DriverOptions) {
  const secured = tls === undefined ? {} : { tls }

  async function find(): Promise<RedisNode> {
    let cause: unknown
    for (const node of nodes) {
      const asked = new Redis({ ...fixed, ...secured, ...node, retryStrategy: () => null })
      asked.on('error', () => undefined)
      try {
        await asked.connect()
        const slot = Number(await asked.call('CLUSTER', 'KEYSLOT', '{dv}'))
        const ranges = (await asked.call('CLUSTER', 'SLOTS')) as [
          number,
          number,
          [string, number],
        ][]
        const owner = ranges.find(([first, last]) => slot >= first && slot <= last)?.[2]
        if (owner !== undefined) return { host: owner[0] || node.host, port: owner[1] }
      } catch (error) {
        cause = error
      } finally {
        asked.disconnect()
      }
    }
    throw cause ?? new Error('CLUSTERDOWN nobody has the slot of {dv}')
  }

  return class OwnerConnector extends AbstractConnector {
    constructor() {
      super(fixed.connectTimeout ?? 0)
    }

    async connect() {
      this.connecting = true
      const place = await find()
      if (!this.connecting) throw new Error('Connection is closed.')
      this.stream = tls === undefined ? connectNet(place) : connectTls({ ...place, ...tls })
      this.stream.once('error', (error: Error) => {
        this.firstError = error
      })
      return this.stream
    }
  }
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
    // A server that is slow to say who it is is asked again: the connection stands, and nothing
    // else would ever ask.
    const askRunId = (): void => {
      redis.info('server').then(
        (info) => {
          runId = /run_id:(\w+)/.exec(info)?.[1]
          isReported = false
          settle()
        },
        (cause: unknown) => {
          lost(cause)
          setTimeout(() => {
            if (redis.status === 'ready' && runId === undefined) askRunId()
          }, RECONNECT_MS_MAX).unref()
        },
      )
    }
    redis.on('ready', askRunId)
    redis.once('error', settle)
    // Rejects when the first attempt fails; 'error' has said so already.
    redis.connect().catch(settle)
  })

  const joinWrite = createSharedWrites(redis)

  async function run(name: ScriptName, ...rest: readonly Argument[]): Promise<unknown> {
    if (runId === undefined) throw new Fault('store_unavailable', { about: 'Redis is away' })
    // One key is named, so that a cluster refuses what is not for the server that was asked.
    const args = [1, '{dv}ep', runId, ...rest].map(toWire)
    joinWrite()
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
    joinWrite()
    try {
      return await redis.callBuffer(name, ...rest.map(toWire))
    } catch (error) {
      throw redisFault(error)
    }
  }
  return { opened, run, call, close: () => redis.disconnect() }
}

/**
 * Called before a command: what is asked in one turn of the event loop goes to the server in one
 * write, at the end of the turn. Each write costs some 30 us here, and the server a read.
 */
function createSharedWrites(redis: Redis): () => void {
  let held: Redis['stream'] | undefined
  const release = () => {
    held?.uncork()
    held = undefined
  }
  return () => {
    if (held !== undefined || redis.stream === undefined) return
    held = redis.stream
    held.cork()
    setImmediate(release)
  }
}

function toWire(argument: Argument): string | Buffer {
  if (typeof argument === 'object') {
    return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
  }
  return String(argument)
}
