import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../process/load.ts'
import type { SignedIn, Stack } from '../process/stack.ts'
import type { Row } from './judge.ts'
import { numberOf, press, type SceneOptions, withStack } from './scene.ts'
import { countAllowed, logOut } from './scene-outage.ts'

/** All of one user, who may have a hundred. */
const WARM = 40
/** Asked for the first time while Postgres is away: Redis knows them. */
const COLD = 40
const LEAVING = 20
const SECONDS_WANTED = 30
const BACK_WITHIN_MS = 20_000

/** `times` is in seconds: how long Postgres stays away. */
export function playStoreless({ times, say }: SceneOptions): Promise<Row> {
  return withStack({}, async (stack) => {
    const sessions: SignedIn[] = []
    while (sessions.length < WARM + COLD + LEAVING) sessions.push(await stack.signIn())
    const [asked, leaving] = [sessions.slice(0, WARM + COLD), sessions.slice(WARM + COLD)]
    await countAllowed(stack, asked.slice(0, WARM))
    say(`${WARM} sessions are warm, ${COLD} were never asked for`)
    stack.postgres.kill('SIGKILL')
    await stack.postgres.ended()
    const awayMs = performance.now()
    const soFar = () => Math.min(1, (performance.now() - awayMs) / (times * 1000))
    let turn = 0
    const nextOf = () => asked[turn++ % (WARM + Math.round(COLD * soFar()))] as SignedIn
    const pressure = press(() => stack.ask(nextOf()))
    say('Postgres is away')
    await pause((times * 1000) / 3)
    const statuses = await logOut(stack, leaving)
    say(`${LEAVING} logouts were answered ${statuses}`)
    await pause(Math.max(0, awayMs + times * 1000 - performance.now()))
    await stack.postgres.restart()
    const wrong = await leaveAtLast(stack, leaving)
    await pressure.stop()
    const [count, refused] = [pressure.count(), pressure.failures.length]
    const why = [...new Set(pressure.failures.map((failure) => failure.why))].join(', ')
    const isRight = refused === 0 && wrong === 0
    return {
      ...{ name: 'G8', goal: 'Postgres away for 30 s: 0 failed authorizations' },
      outcome: isRight ? (times < SECONDS_WANTED ? 'partly' : 'pass') : 'fail',
      measured:
        `${numberOf(refused)} of ${numberOf(count)} checks failed${why && ` (${why})`} in ` +
        `${times} s, ${COLD} of ${WARM + COLD} sessions asked for the first time then; ` +
        `${LEAVING} logouts answered ${statuses} meanwhile, 200 when it was back, ` +
        `${wrong} allowed afterwards`,
      isSafety: wrong > 0,
    }
  })
}

/** Whoever could not be logged out is, once Postgres is back; how many are allowed after it. */
async function leaveAtLast(stack: Stack, leaving: readonly SignedIn[]): Promise<number> {
  await until(
    'all are logged out',
    async () => (await logOut(stack, leaving).catch(() => '')) === '200',
    BACK_WITHIN_MS,
  )
  return countAllowed(stack, leaving)
}
