import { setTimeout as pause } from 'node:timers/promises'
import { readCpu } from './cpu.ts'
import { type Driven, drive } from './drive.ts'
import { asking, on } from './hit.ts'
import { CONNECTIONS, proveAnswer, sampleOnce, warm } from './measure.ts'
import { openSeeder, type Seeded, shuffle } from './seed.ts'
import { CLIENT_ADDRESS, drawZipf } from './workload.ts'
import type { World } from './world.ts'

const SESSIONS = 10_000
/** Half of them: the others must be asked for again. */
const REMEMBERED = 5_000
const DRAWS = 50_000
/** All ask from one address here: what the ended ones draw from its limit would stop the others. */
const CROWD = { DVARA_RATE_EXEMPT: `${CLIENT_ADDRESS}/32` }
const LOGOUT_SHARE = 0.01
const LOGOUT_EVERY_MS = 20

/** Traffic as it comes: few sessions often, many seldom, and some end all the while. */
export interface Mixed {
  readonly cpuUs: number
  readonly perSecond: number
  readonly p50Us: number
  readonly p99Us: number
  readonly hitShare: number
  readonly refusedShare: number
  readonly logoutsPerSecond: number
}

export async function measureMixed(world: World, seconds: number): Promise<Mixed> {
  const seeder = await openSeeder(world)
  const sessions = await seeder.sessions(SESSIONS)
  const settings = { DVARA_SESSIONS_MAX: String(REMEMBERED), ...CROWD }
  const server = await world.startAuthorizer('authorizer, mixed', settings)
  try {
    // Drawn anew for each drive: the same beginning again would be remembered as a whole.
    const draw = () =>
      asking(drawZipf(SESSIONS, DRAWS, Math.random).map((rank) => sessions[rank] as Seeded))
    const contender = { ...on(server, 'mixed', draw()), workload: draw }
    await warm(contender)
    const { perSecond } = await sampleOnce(contender, 1)
    const before = { cpu: readCpu(server.pids()), counted: await readHits(server.opsUrl) }
    const asked = { port: server.port, workload: draw(), connections: CONNECTIONS }
    const driving = drive({ ...asked, seconds })
    const ending = shuffle([...sessions])
    const ended = await endSome(ending, perSecond * LOGOUT_SHARE, driving, seeder.end)
    const driven = await driving
    if (driven.failed > 0) throw new Error(`mixed: ${driven.failed} requests had no answer`)
    const [first, last] = [ending[0] as Seeded, ending.at(-1) as Seeded]
    await proveAnswer(on(server, 'mixed: a session', asking([first])))
    await proveAnswer(on(server, 'mixed: an ended session', asking([last]), 'no'))
    const after = { cpu: readCpu(server.pids()), counted: await readHits(server.opsUrl) }
    const hits = after.counted.hits - before.counted.hits
    const cpuMs = after.cpu.allMs - before.cpu.allMs
    return {
      ...{ p50Us: driven.p50Us, p99Us: driven.p99Us, cpuUs: (cpuMs * 1000) / driven.requests },
      perSecond: (driven.requests * 1000) / driven.elapsedMs,
      hitShare: hits / (after.counted.all - before.counted.all),
      refusedShare: driven.refused / driven.requests,
      logoutsPerSecond: (ended * 1000) / driven.elapsedMs,
    }
  } finally {
    await server.stop()
    await seeder.close()
  }
}

/** Ends sessions from the last one on, so many a second, until the driver is done. */
async function endSome(
  sessions: readonly Seeded[],
  perSecond: number,
  driving: Promise<Driven>,
  end: (hash: string) => Promise<void>,
): Promise<number> {
  let isOver = false
  void driving.finally(() => {
    isOver = true
  })
  let count = 0
  const perTurn = Math.max(1, Math.round((perSecond * LOGOUT_EVERY_MS) / 1000))
  while (!isOver && count + perTurn < sessions.length) {
    const some = sessions.slice(sessions.length - count - perTurn, sessions.length - count)
    await Promise.all(some.map(({ hash }) => end(hash)))
    count += some.length
    await pause(LOGOUT_EVERY_MS)
  }
  return count
}

async function readHits(opsUrl: string): Promise<{ hits: number; all: number }> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  const numberOf = (name: string) =>
    Number(
      new RegExp(`^dvara_cache_${name}_total\\{[^}]*sessions[^}]*\\} (\\d+)`, 'm').exec(
        text,
      )?.[1] ?? 0,
    )
  const [hits, misses] = [numberOf('hits'), numberOf('misses')]
  return { hits, all: hits + misses }
}
