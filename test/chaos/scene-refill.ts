import { setTimeout as pause } from 'node:timers/promises'
import { familyOf, readCpu } from '../../bench/load/cpu.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { SignedIn, Stack } from '../process/stack.ts'
import type { Row } from './judge.ts'
import { openRedisHand } from './redis-hand.ts'
import { numberOf, press, type SceneOptions, withStack } from './scene.ts'

/** Signed in, asked before and after; the others are there to be carried. */
const WARM = 20
const ENDED = 20
/** All at once, and so often in a row: every worker is asked. */
const ASKS_EACH = 5
/** The machine is to fill Redis, not to answer probes: each costs it more than a session does. */
const PROBERS = 2
const PROBE_EVERY_MS = 20
const SESSIONS_PER_USER = 5
const SESSIONS_WANTED = 100_000
const BACK_WITHIN_MS = 3_000
const BACK_MS_MAX = 120_000
const INSERTED_MAX = 20_000
const LOOK_EVERY_MS = 20

const INSERT_USERS = `
  insert into users (uid, email, password_digest, role, level, state)
  select 'ID9' || lpad(n::text, 9, '0'), 'carried' || n || '@app.example', '-', 'member', 3,
    'active'
  from generate_series(1, $1::float8::integer) as n`
const INSERT_SESSIONS = `
  insert into sessions (hash, uid, csrf_token, user_agent, address, address_words, generation,
    created_at, ends_at, idle_at, ended_at)
  select translate(rtrim(encode(sha256(('carried' || n)::bytea), 'base64'), '='), '+/', '-_'),
    'ID9' || lpad((1 + n % $4::float8::integer)::text, 9, '0'), md5(n::text),
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0',
    '198.51.100.9', '4 0 0 0 3325256713', 0, now(), now() + interval '1 day',
    now() + interval '1 hour', case when $3::boolean then now() end
  from generate_series($1::float8::integer, $2::float8::integer) as n`

const wholeOf = (ms: number) => numberOf(Math.round(ms))

/** `times` live sessions, and as many that have ended. */
export function playRefill({ times, say }: SceneOptions): Promise<Row> {
  return withStack({}, async (stack) => {
    const database = openDatabase({ databaseUrl: stack.postgres.url, statementTimeoutMs: 60_000 })
    await carry(database, times).finally(() => database.close())
    const warm = await signInOften(stack, WARM)
    const ended = await signInOften(stack, ENDED)
    for (const { cookie } of ended) {
      const { status } = await stack.call('DELETE', '/api/v2/identity/sessions', { cookie })
      if (status !== 200) throw new Error(`a logout was answered ${status}`)
    }
    say(`${numberOf(2 * times)} sessions are in Postgres, ${ENDED} logouts are acknowledged`)
    let turn = 0
    const wrong = { count: 0 }
    const pressure = press(async () => {
      await pause(PROBE_EVERY_MS)
      const said = await stack.ask(ended[turn++ % ENDED])
      if (said.status === 200) wrong.count++
      return { status: 200 }
    }, PROBERS)
    const spent = await restartEmpty(stack, warm)
    await pressure.stop()
    say(`back after ${spent.backMs.toFixed(0)} ms`)
    const isRight = wrong.count === 0 && spent.backMs <= BACK_WITHIN_MS
    const passed = times >= SESSIONS_WANTED ? 'pass' : 'partly'
    return {
      ...{ name: 'G6', goal: 'Redis back empty: 0 wrong allows, back ≤ 3 s' },
      outcome: isRight ? passed : 'fail',
      measured:
        `${numberOf(times)} live sessions and ${numberOf(times)} ended ones: filled after ` +
        `${wholeOf(spent.sealedMs)} ms, served again after ${wholeOf(spent.backMs)} ms ` +
        `(${wholeOf(spent.identityCpuMs)} ms of CPU in the identity API, ` +
        `${wholeOf(spent.redisCpuMs)} in Redis); ` +
        `${wrong.count} wrong allows in ${numberOf(pressure.count())} probes`,
      isSafety: wrong.count > 0,
    }
  })
}

async function carry(database: Database, count: number): Promise<void> {
  const users = Math.ceil(count / SESSIONS_PER_USER)
  await database.query(INSERT_USERS, [users])
  for (const isEnded of [false, true]) {
    const last = isEnded ? 2 * count : count
    for (let from = last - count + 1; from <= last; from += INSERTED_MAX) {
      const to = Math.min(from + INSERTED_MAX - 1, last)
      await database.query(INSERT_SESSIONS, [from, to, isEnded, users])
    }
  }
  await database.query('analyze')
}

async function signInOften(stack: Stack, count: number): Promise<SignedIn[]> {
  const sessions: SignedIn[] = []
  while (sessions.length < count) sessions.push(await stack.signIn())
  return sessions
}

/** From the instant at which Redis answers again, with nothing in it. */
async function restartEmpty(stack: Stack, warm: readonly SignedIn[]) {
  const { identity, redis } = stack
  const identityPids = familyOf(identity.pid)
  redis.kill('SIGKILL')
  await redis.ended()
  await redis.restart()
  const startedMs = performance.now()
  const since = () => performance.now() - startedMs
  const cpuBefore = readCpu(identityPids).allMs
  await untilSealed(redis.port, since)
  const sealedMs = since()
  const [identityCpuMs, redisCpuMs] = [
    readCpu(identityPids).allMs - cpuBefore,
    readCpu([redis.pid]).allMs,
  ]
  await Promise.all(warm.map((session) => untilServed(stack, session, since)))
  return { sealedMs, backMs: since(), identityCpuMs, redisCpuMs }
}

async function untilSealed(port: number, since: () => number): Promise<void> {
  const hand = openRedisHand(port)
  try {
    while ((await hand.call('GET', '{dv}ep')) === null) {
      if (since() > BACK_MS_MAX) throw new Error('Redis is not filled again')
      await pause(LOOK_EVERY_MS)
    }
  } finally {
    hand.close()
  }
}

/** Until it is allowed so often in a row that every worker has said so. */
async function untilServed(stack: Stack, session: SignedIn, since: () => number): Promise<void> {
  for (let served = 0; served < ASKS_EACH; ) {
    const { status } = await stack.ask(session)
    served = status === 200 ? served + 1 : 0
    if (since() > BACK_MS_MAX) throw new Error('a session is not served again')
  }
}
