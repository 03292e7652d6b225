import type { Task } from '../run.ts'
import { askEach } from './ask-each.ts'
import { asking, on, stopAll } from './hit.ts'
import { ROUNDS } from './hit-benchmark.ts'
import { type Contender, type Measurement, measureInTurn } from './measure.ts'
import { grownBy, type Held, readHeld, TELLING } from './memory.ts'
import { type Measured, onAllCores } from './place.ts'
import { fillSessions, type Seeded, shuffle } from './seed.ts'
import { COOKIE, checkOf } from './workload.ts'
import type { World } from './world.ts'

export const FEW_SESSIONS = 1_000
/** Of more sessions each drive takes so many, from anywhere: more than it can ask. */
const ASKED_IN_A_DRIVE_MAX = 200_000

/** One thing that grows, and what a session hit costs with so many of it. */
export interface Grown {
  readonly title: string
  readonly counts: readonly number[]
  readonly measured: readonly Measurement[]
}

export interface GrownSessions {
  readonly grown: Grown
  /** What one more takes, its token and its reply's head with it. */
  readonly each: Held
}

/** Tokens must outlive the time that it takes to sign one for each session. */
export function patientFor(sessionsCount: number) {
  const max = Math.round(sessionsCount * 1.1)
  return { DVARA_JWT_TTL_S: '3600', DVARA_SESSIONS_MAX: String(max) }
}

/** Authorizers side by side that remember a thousand sessions, ten thousand, and so on. */
export async function growSessions(world: World, task: Task): Promise<GrownSessions> {
  const { sessions: most, say } = task
  const counts: number[] = []
  for (let count = FEW_SESSIONS; count < most; count *= 10) counts.push(count)
  counts.push(most)
  say(`writing ${most.toLocaleString('en')} sessions to Redis …`)
  const all = shuffle(await onAllCores(() => fillSessions(world, most)))
  const servers: Measured[] = []
  const contenders: Contender[] = []
  try {
    for (const count of counts) {
      const name = `${count.toLocaleString('en')} sessions`
      const node = TELLING
      const server = await world.startAuthorizer(name, patientFor(count), { node })
      servers.push(server)
      say(`${name}: asking for each of them …`)
      await askEach(server.port, asking(all.slice(0, count)))
      const remembered = await countRemembered(server.opsUrl)
      if (remembered < count * 0.999) throw new Error(`${name}: ${remembered} are remembered`)
      contenders.push({ ...on(server, name, asking(all)), workload: () => someOf(all, count) })
    }
    const measured = await measureInTurn(contenders, { ...task, rounds: ROUNDS })
    const [first, last] = [servers[0], servers.at(-1)] as [Measured, Measured]
    const each = grownBy(await readHeld(first), await readHeld(last), most - FEW_SESSIONS)
    return { grown: { title: 'sessions', counts, measured }, each }
  } finally {
    await stopAll(servers)
  }
}

/** Every drive begins elsewhere, so that all are as likely to be asked for. */
function someOf(all: readonly Seeded[], count: number) {
  const size = Math.min(count, ASKED_IN_A_DRIVE_MAX)
  const from = Math.floor(Math.random() * count)
  const cookies = Array.from({ length: size }, (_, at) => all[(from + at) % count]?.cookie ?? '')
  return checkOf(COOKIE, cookies)
}

async function countRemembered(opsUrl: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(/^dvara_cache_entries\{[^}]*sessions[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
}
