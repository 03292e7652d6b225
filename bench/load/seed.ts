import {
  createHash,
  createHmac,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomBytes,
  sign,
} from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { parseAddress } from '../../src/core/address.ts'
import type { KeyAlgorithm } from '../../src/core/api-key.ts'
import type { Principal } from '../../src/core/principal.ts'
import { formOf } from '../../src/core/signed-request.ts'
import { sha256Base64url } from '../../src/crypto/digest.ts'
import { apiKeyRow, parseSecretsKey, sealSecret } from '../../src/crypto/envelope.ts'
import type { Board } from '../../src/store/board.ts'
import { encodePrincipal, encodeSession } from '../../src/store/record.ts'
import { openRedisBoard } from '../../src/store/redis.ts'
import { CLIENT_ADDRESS, HOST, TARGET, USER_AGENT } from './workload.ts'
import type { World } from './world.ts'

/** A session that authorizers know: the cookie's value, and its hash. */
export interface Seeded {
  readonly cookie: string
  readonly hash: string
}

export interface Seeder {
  /** So many sessions, each of a member of its own. */
  sessions(count: number): Promise<Seeded[]>
  /** Ends one: in force when it resolves, as a logout is. */
  end(hash: string): Promise<void>
  close(): Promise<void>
}

const LIFETIME_MS = 12 * 3_600_000
/** Writes that wait for Redis at once. */
const WRITES_MAX = 2_000

/**
 * Writes sessions where authorizers read them, with the very calls of a login, but without a
 * password's digest and without Postgres.
 */
export async function openSeeder(world: Pick<World, 'redis' | 'seal'>): Promise<Seeder> {
  const board = await openBoard(world)
  const epochNumber = await readEpochNumber(board)
  let lastNumber = 0

  async function open(): Promise<Seeded> {
    const seeded = sealNew(world)
    const opened = await board.open(postingOf(seeded, ++lastNumber), epochNumber)
    if (opened !== 'opened') throw new Error(`a session was not opened: ${opened}`)
    return seeded
  }

  return {
    async sessions(count) {
      const all: Seeded[] = []
      while (all.length < count) {
        const size = Math.min(WRITES_MAX, count - all.length)
        all.push(...(await Promise.all(Array.from({ length: size }, open))))
      }
      return all
    },
    async end(hash) {
      const notice = { scope: 'session', id: hash, ended: [hash], kept: [] } as const
      await board.apply({ ...notice, principal: undefined }, epochNumber)
    },
    close: () => board.close(),
  }
}

/** So many at once while a board is filled; the next are made up while Redis takes these. */
const FILLED_AT_ONCE = 2_000

/**
 * Empties Redis and seals it with so many sessions, each of a member of its own, as it is sealed
 * from Postgres after it was lost: a million of them take half a minute. Nobody may be running.
 */
export async function fillSessions(
  world: Pick<World, 'redis' | 'database' | 'seal'>,
  count: number,
): Promise<Seeded[]> {
  const client = new Redis(world.redis.url)
  await client.flushall()
  client.disconnect()
  const [raised] = await world.database.query<{ n: number }>(
    'update epoch set n = n + 1 returning n::float8 as n',
  )
  const epochNumber = raised?.n ?? 0
  const board = await openBoard(world)
  try {
    const filling = { epochNumber, isEmpty: await board.begin(epochNumber) }
    const all: Seeded[] = []
    let filled: Promise<unknown> = Promise.resolve()
    while (all.length < count) {
      const size = Math.min(FILLED_AT_ONCE, count - all.length)
      const some = Array.from({ length: size }, () => sealNew(world))
      const postings = some.map((seeded, at) => postingOf(seeded, all.length + at + 1))
      const holders = postings.map((posting) => ({
        uid: posting.uid,
        record: posting.principal,
        version: posting.principalVersion,
        generation: posting.generation,
        untilMs: posting.endsAtMs,
      }))
      await filled
      filled = Promise.all([
        board.prepare(filling, postings, []),
        board.preparePrincipals(filling, holders),
      ])
      // A turn for the socket: Redis has something to do meanwhile.
      await nextTurn()
      for (const one of some) all.push(one)
    }
    await filled
    await board.seal(epochNumber)
    return all
  } finally {
    await board.close()
  }
}

function openBoard({ redis }: Pick<World, 'redis'>): Promise<Board> {
  return openRedisBoard({
    ...{ url: redis.url, commandTimeoutMs: 60_000, connectTimeoutMs: 5_000 },
    onFault: () => undefined,
  })
}

function sealNew({ seal }: Pick<World, 'seal'>): Seeded {
  const cookie = seal(randomBytes(32).toString('base64url'))
  return { cookie, hash: sha256Base64url(cookie) }
}

/** In place, into an order without a pattern. */
export function shuffle(all: Seeded[]): Seeded[] {
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    const kept = all[at] as Seeded
    all[at] = all[other] as Seeded
    all[other] = kept
  }
  return all
}

/** The number of this sealing: the epoch's name begins with it. */
async function readEpochNumber(board: Board): Promise<number> {
  const { epoch } = await board.heartbeat('bench', 0)
  await board.leave('bench')
  return Number(epoch.split('.', 1)[0])
}

function postingOf({ hash }: Seeded, number: number) {
  const uid = `ID${String(number).padStart(10, '0')}`
  const createdAtMs = Date.now()
  const endsAtMs = createdAtMs + LIFETIME_MS
  const address = parseAddress(CLIENT_ADDRESS)
  if (address === undefined) throw new Error('no address')
  const csrfToken = randomBytes(15).toString('base64url')
  const session = { hash, uid, csrfToken, userAgent: USER_AGENT, address, createdAtMs, endsAtMs }
  return {
    ...{ hash, uid, principalVersion: 1, generation: 0, idleAtMs: endsAtMs, endsAtMs },
    session: encodeSession({ ...session, generation: 0 }),
    principal: encodePrincipal(principalOf(uid)),
  }
}

function principalOf(uid: string): Principal {
  return {
    uid,
    kind: 'user',
    username: null,
    email: `${uid.toLowerCase()}@app.example`,
    role: 'member',
    level: 3,
    state: 'active',
    referralId: null,
    otp: true,
    version: 1,
  }
}

/** A key that signs for a member. */
export interface SeededKey {
  readonly kid: string
  readonly algorithm: KeyAlgorithm
  readonly secret: string
  readonly privateKey: KeyObject | undefined
}

/** Keys of one holder at most. */
const KEYS_PER_HOLDER = 50

/** So many keys, through the store that the identity API writes them with. */
export async function seedKeys(
  world: Pick<World, 'identity' | 'secretsKey'>,
  algorithm: KeyAlgorithm,
  count: number,
  createPair: () => KeyPairKeyObjectResult | undefined = () => undefined,
): Promise<SeededKey[]> {
  const holders = Array.from({ length: Math.ceil(count / KEYS_PER_HOLDER) }, async (_, at) => {
    const size = Math.min(KEYS_PER_HOLDER, count - at * KEYS_PER_HOLDER)
    return seedKeysOf(world, algorithm, size, createPair)
  })
  return (await Promise.all(holders)).flat()
}

async function seedKeysOf(
  world: Pick<World, 'identity' | 'secretsKey'>,
  algorithm: KeyAlgorithm,
  count: number,
  createPair: () => KeyPairKeyObjectResult | undefined,
): Promise<SeededKey[]> {
  const { identity } = world
  const uid = await createHolder(world)
  const keys: SeededKey[] = []
  while (keys.length < count) {
    const kid = randomBytes(8).toString('hex')
    const secret = randomBytes(16).toString('hex')
    const pair = createPair()
    const row = apiKeyRow({ kid, uid, algorithm })
    const material =
      pair?.publicKey.export({ format: 'der', type: 'spki' }) ??
      sealSecret(parseSecretsKey(world.secretsKey), Buffer.from(secret), row)
    const made = await identity.apiKeys.create({
      ...{ kid, uid, algorithm, material, isV1Accepted: true, scopes: [], networks: [] },
      ...{ expiresAtMs: undefined, rate: undefined },
    })
    if (made.outcome !== 'done') throw new Error(`no key: ${made.outcome}`)
    keys.push({ kid, algorithm, secret, privateKey: pair?.privateKey })
  }
  return keys
}

async function createHolder({ identity }: Pick<World, 'identity'>): Promise<string> {
  const uid = `ID${randomBytes(5).toString('hex').toUpperCase()}`
  await identity.users.create({
    ...{ uid, username: null, email: `${uid.toLowerCase()}@app.example`, passwordDigest: 'none' },
    ...{ role: 'member', level: 3, state: 'active', referralId: null, data: null },
  })
  await identity.users.change(uid, { otp: true })
  return uid
}

export interface Signing {
  readonly version: 1 | 2
  readonly count: number
  readonly nowMs: number
  /** A POST with the digest of its body, each with a nonce of its own; version 2 only. */
  readonly isWriting?: true
}

const CONTENT_DIGEST = `sha-256=:${createHash('sha256').update('{"amount":"1"}').digest('base64')}:`

/**
 * The headers' values as they stand behind `X-Auth-Apikey: ` in a request: signed so many times,
 * each key's with nonces of the last seconds, one after the other. Reading requests may repeat one.
 */
export function signatures(keys: readonly SeededKey[], signing: Signing): string[] {
  const { version, count, nowMs, isWriting = false } = signing
  return Array.from({ length: count }, (_, number) => {
    const key = keys[number % keys.length] as SeededKey
    const nonce = String(nowMs - Math.floor(number / keys.length))
    const signature = signatureOf(key, version, nonce, isWriting)
    return (
      `${key.kid}\r\nX-Auth-Nonce: ${nonce}\r\nX-Auth-Signature: ${signature}` +
      (version === 2 ? '\r\nX-Auth-Version: 2' : '') +
      (isWriting ? `\r\nContent-Digest: ${CONTENT_DIGEST}` : '')
    )
  })
}

function signatureOf(key: SeededKey, version: 1 | 2, nonce: string, isWriting: boolean): string {
  const { kid, privateKey } = key
  const fields = { kid, nonce, method: isWriting ? 'POST' : 'GET', host: HOST, target: TARGET }
  const contentDigest = isWriting ? CONTENT_DIGEST : undefined
  const form = version === 1 ? nonce + kid : formOf({ ...fields, contentDigest })
  if (privateKey === undefined) return createHmac('sha256', key.secret).update(form).digest('hex')
  if (key.algorithm === 'EdDSA') return sign(null, Buffer.from(form), privateKey).toString('hex')
  const raw = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return sign('sha256', Buffer.from(form), raw).toString('hex')
}
