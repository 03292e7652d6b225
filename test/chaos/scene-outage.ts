import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../process/load.ts'
import type { SignedIn, Stack } from '../process/stack.ts'
import type { Row } from './judge.ts'
import { numberOf, press, type SceneOptions, withStack } from './scene.ts'

const WARM = 50
const LEAVING = 20
/** Connections are shared out between the workers: after so many each has been asked. */
const ASKS_EACH = 40
const SERVED_SHARE = 0.999
const SECONDS_WANTED = 30
/** The default of DVARA_LEASE_MS, and what a busy machine may add. */
const LEASE_MS = 2_000
const SLACK_MS = 500

const percent = (share: number) => `${(share * 100).toFixed(3)} %`

/** `times` is in seconds: how long Redis stays away. */
export function playOutage({ times, say }: SceneOptions): Promise<Row> {
  return withStack({ DVARA_SECOND_LEASE: 'postgres' }, async (stack) => {
    const sessions: SignedIn[] = []
    while (sessions.length < WARM + LEAVING) sessions.push(await stack.signIn())
    await countAllowed(stack, sessions)
    say(`${sessions.length} sessions are warm`)
    const [warm, leaving] = [sessions.slice(0, WARM), sessions.slice(WARM)]
    let turn = 0
    const pressure = press(() => stack.ask(warm[turn++ % WARM]))
    stack.redis.kill('SIGKILL')
    await stack.redis.ended()
    const awayMs = performance.now()
    say('Redis is away')
    await pause((times * 1000) / 3)
    const statuses = await logOut(stack, leaving)
    // By Postgres each hears with its next question, and nobody believes for longer than a lease.
    await pause(LEASE_MS + SLACK_MS)
    const wrongAway = await countAllowed(stack, leaving)
    say(`${LEAVING} logouts were answered ${statuses}; allowed afterwards: ${wrongAway}`)
    await pause(Math.max(0, awayMs + times * 1000 - performance.now()))
    const [count, refused] = [pressure.count(), pressure.failures.length]
    await stack.redis.restart()
    await untilBack(stack)
    await pressure.stop()
    const wrong = wrongAway + (await countAllowed(stack, leaving))
    const share = 1 - refused / count
    const isRight = share >= SERVED_SHARE && wrong === 0
    return {
      ...{ name: 'G7', goal: 'Redis away for 30 s with the second lease: ≥ 99.9 % served' },
      outcome: isRight ? (times < SECONDS_WANTED ? 'partly' : 'pass') : 'fail',
      measured:
        `${percent(share)} of ${numberOf(count)} checks of known sessions served in ${times} s; ` +
        `${LEAVING} logouts answered ${statuses}, ${wrong} wrong allows after them`,
      isSafety: wrong > 0,
    }
  })
}

/** Asks for all at once, each so often that every worker has been asked. */
export async function countAllowed(stack: Stack, sessions: readonly SignedIn[]): Promise<number> {
  let allowed = 0
  async function askFor(session: SignedIn): Promise<void> {
    for (let asked = 0; asked < ASKS_EACH; asked++) {
      const said = await stack.ask(session).catch(() => undefined)
      if (said?.status === 200) allowed++
    }
  }
  await Promise.all(sessions.map(askFor))
  return allowed
}

/** The statuses of the answers, each once. */
export async function logOut(stack: Stack, leaving: readonly SignedIn[]): Promise<string> {
  const answers = await Promise.all(
    leaving.map(({ cookie }) => stack.call('DELETE', '/api/v2/identity/sessions', { cookie })),
  )
  return [...new Set(answers.map(({ status }) => status))].join(', ')
}

async function untilBack({ opsUrl }: Stack): Promise<void> {
  await until('no worker goes by Postgres', async () => {
    const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
    return /^dvara_second_leases 0$/m.test(metrics)
  })
}
