import { readFile } from 'node:fs/promises'
import { Fault } from '../core/fault.ts'
import { type AcknowledgeTimes, timesOf } from './acknowledge.ts'
import type { Database } from './database.ts'
import { type IdentityOptions, joinAuthorizer, joinIdentity } from './join.ts'
import { createPostgres } from './postgres.ts'
import { openRedisBoard } from './redis.ts'
import type { AuthorizerStores, IdentityStores } from './stores.ts'
import { systemClock } from './system-clock.ts'

export interface StoreOptions {
  readonly redisUrl: string
  /** A file in PEM with who vouches for Redis, for `rediss://`. */
  readonly redisCaFile?: string | undefined
  readonly databaseUrl: string
  /** Every call to Redis settles within this. Default: 100 for authorizers, 1000 for identity. */
  readonly commandTimeoutMs?: number
  readonly connectTimeoutMs?: number
  readonly statementTimeoutMs?: number
  readonly poolMax?: number
  /** Hears of lost connections, once per outage. */
  readonly onFault: (fault: Fault) => void
}

/** How a change is waited for; the lease is the authorizers' own. */
export interface IdentityStoreOptions
  extends Partial<AcknowledgeTimes>,
    Pick<IdentityOptions, 'onReceipt' | 'onNotInForce' | 'onRosterChange'> {}

const CONNECT_TIMEOUT_MS = 2_000
const STATEMENT_TIMEOUT_MS = 5_000

/**
 * Resolves within the connect timeout, even with Redis or Postgres away: then calls throw
 * `store_unavailable` at once until they are back. Postgres is asked for the policy's rows, and
 * for what operators want to know; never for a check.
 */
export async function openAuthorizerStores(options: StoreOptions): Promise<AuthorizerStores> {
  const board = await openRedisBoard(await boardOptions(options, 100))
  return joinAuthorizer(board, openDatabase(options, 1))
}

/** As `openAuthorizerStores`, for the identity API; the schema must be migrated. */
export async function openIdentityStores(
  options: StoreOptions & IdentityStoreOptions,
): Promise<IdentityStores> {
  const board = await openRedisBoard(await boardOptions(options, 1_000))
  const { onFault, onReceipt, onNotInForce, onRosterChange } = options
  const identity = joinIdentity(board, openDatabase(options, 10), {
    clock: systemClock,
    ...timesOf(options),
    onFault: (fault) => fault instanceof Fault && onFault(fault),
    ...(onReceipt === undefined ? {} : { onReceipt }),
    ...(onNotInForce === undefined ? {} : { onNotInForce }),
    ...(onRosterChange === undefined ? {} : { onRosterChange }),
  })
  // Reports come as soon as Redis is there; until then the list is read.
  void identity.acknowledger.start()
  return identity
}

/** A database by its URL alone, for `migrate` and `isMigrated`. */
export function openDatabase(
  options: Pick<
    StoreOptions,
    'databaseUrl' | 'connectTimeoutMs' | 'statementTimeoutMs' | 'poolMax'
  >,
  poolMax = 3,
): Database {
  return createPostgres({
    url: options.databaseUrl,
    // A transaction that holds a lock needs a second connection beside it.
    poolMax: options.poolMax ?? poolMax,
    statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  })
}

async function boardOptions(options: StoreOptions, commandTimeoutMs: number) {
  const { redisCaFile } = options
  return {
    ca: redisCaFile === undefined ? undefined : await readFile(redisCaFile, 'utf8'),
    url: options.redisUrl,
    commandTimeoutMs: options.commandTimeoutMs ?? commandTimeoutMs,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    onFault: options.onFault,
  }
}
