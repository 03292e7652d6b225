import { generateKeyPairSync } from 'node:crypto'
import { type Answer, askOnce } from './answer.ts'
import type { Contender, Expected } from './measure.ts'
import { type Measured, startFile } from './place.ts'
import { openSeeder, type Seeded, type SeededKey, seedKeys, signatures } from './seed.ts'
import { COOKIE, checkOf, HOLE, type Workload } from './workload.ts'
import type { World } from './world.ts'

/** Sessions that the usual rows ask with. */
const SESSIONS = 1_000
/** One worker remembers as few as this at least; so many more make each of them a miss. */
const FEWEST_REMEMBERED = 100
const KEYS = 100
const SIGNATURES = 2_000
/** Requests that change something are good once: more of them than a drive can ask. */
const WRITES_PER_SECOND = 40_000
const WRITES_SECONDS_MAX = 4
const WRITING = 'API key, version 2, HMAC, POST with a digest'
/** Below it every row of a member drops. */
const DROPPED = '/api/v2/admin/users'

/** Signatures live as long as a drive takes, and tokens from one round to the next. */
const PATIENT = { DVARA_APIKEY_NONCE_LIFETIME_MS: '60000', DVARA_JWT_TTL_S: '3600' }
export const KEYS_ASK = { 'X-Auth-Apikey': HOLE }

/** Everything that the rows of one answer's cost are measured on. */
export interface Ring {
  readonly contenders: readonly Contender[]
  readonly answer: Answer
  stop(): Promise<void>
}

export function asking(cookies: readonly Seeded[]): Workload {
  return checkOf(
    COOKIE,
    cookies.map(({ cookie }) => cookie),
  )
}

/** The engines alone, sending what a session hit sends, and a session hit. */
export async function openHit(world: World): Promise<Ring> {
  const seeder = await openSeeder(world)
  const sessions = await seeder.sessions(SESSIONS)
  await seeder.close()
  const hit = await world.startAuthorizer('authorizer', PATIENT)
  const asked = asking(sessions)
  const answer = await askOnce(hit.port, asked)
  const repeated = [JSON.stringify(answer)]
  const engine = await startFile('bare', new URL('bare-uws.js', import.meta.url), repeated)
  const node = await startFile('node', new URL('bare-node.js', import.meta.url), repeated)
  const contenders = [
    on(engine, 'bare uWebSockets.js, the same bytes', asked),
    on(node, 'bare node:http, the same bytes', asked),
    { ...on(hit, 'session hit', asked), about: { algorithm: 'EdDSA, memo', hits: '100 %' } },
  ]
  const stop = () => stopAll([hit, engine, node])
  return { contenders, answer, stop }
}

/** As `openHit`, with every other way to an answer. */
export async function openPaths(world: World): Promise<Ring> {
  const base = await openHit(world)
  const [, , hit] = base.contenders as [Contender, Contender, Contender]
  const asked = hit.workload(1)
  const fresh = await openFresh(world)
  const forgetful = await world.startAuthorizer('forgetful', {
    DVARA_SESSIONS_MAX: String(FEWEST_REMEMBERED),
  })
  const keys = await openKeys(world, hit)
  const contenders: Contender[] = [
    ...base.contenders,
    ...fresh.map(({ server, algorithm }) => ({
      ...on(server, `session hit, fresh ${algorithm} signature`, asked),
      about: { algorithm: `${algorithm}, each time`, hits: '100 %' },
    })),
    ...keys,
    ...openScreened(hit, asked),
    {
      ...on(forgetful, 'miss: session read from Redis, token signed', asked),
      about: { algorithm: 'EdDSA, each time', hits: '0 %' },
    },
  ]
  async function stop(): Promise<void> {
    await stopAll([...fresh.map(({ server }) => server), forgetful])
    await base.stop()
  }
  return { contenders, answer: base.answer, stop }
}

async function openFresh(world: World) {
  const servers: { server: Measured; algorithm: string }[] = []
  for (const algorithm of ['EdDSA', 'ES256'] as const) {
    const settings = { DVARA_JWT_MEMO: 'false' }
    const server = await world.startAuthorizer(`fresh ${algorithm}`, settings, { algorithm })
    servers.push({ server, algorithm })
  }
  return servers
}

/** Answers for which no principal, or no token, is needed. */
function openScreened(hit: Contender, sessions: Workload): Contender[] {
  const row = (name: string, expects: Expected, workload: Workload): Contender => ({
    ...{ ...hit, name, expects, workload: () => workload },
    about: { algorithm: 'none', hits: '' },
  })
  const { variants } = sessions
  return [
    row('public path', 'yes', checkOf({}, [''], { target: '/api/v2/public/markets' })),
    row('denied: no session', 'no', checkOf({}, [''])),
    row(
      'denied: a rule drops it, which is written down',
      'no',
      checkOf(COOKIE, variants, { target: DROPPED }),
    ),
  ]
}

/** Requests signed with keys of each kind, asked of the same authorizer. */
async function openKeys(world: World, hit: Contender): Promise<Contender[]> {
  const hmac = await seedKeys(world, 'HS256', KEYS)
  const edwards = await seedKeys(world, 'EdDSA', KEYS, () => generateKeyPairSync('ed25519'))
  const row = (name: string, workload: Contender['workload']): Contender => ({
    ...{ ...hit, name, workload },
    about: { algorithm: 'EdDSA, memo', hits: '100 %' },
  })
  const reading = (keys: readonly SeededKey[], version: 1 | 2) => () =>
    checkOf(KEYS_ASK, signatures(keys, { version, count: SIGNATURES, nowMs: Date.now() }))
  const writing = (seconds: number): Workload => {
    const [count, nowMs] = [seconds * WRITES_PER_SECOND, Date.now()]
    const signed = signatures(hmac, { version: 2, count, nowMs, isWriting: true })
    return { ...checkOf(KEYS_ASK, signed, { method: 'POST' }), isOnce: true }
  }
  return [
    row('API key, version 1, HMAC', reading(hmac, 1)),
    row('API key, version 2, HMAC', reading(hmac, 2)),
    row('API key, version 2, Ed25519', reading(edwards, 2)),
    {
      ...{ ...row(WRITING, writing), secondsMax: WRITES_SECONDS_MAX },
      about: { algorithm: 'EdDSA, memo; nonce used up in Redis', hits: '100 %' },
    },
  ]
}

/** A server under one workload. */
export function on(
  server: Measured,
  name: string,
  workload: Workload,
  expects: Expected = 'token',
): Contender {
  return { name, port: server.port, pids: server.pids, workload: () => workload, expects }
}

export async function stopAll(servers: readonly Measured[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}
