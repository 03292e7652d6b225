import { leaseBoundMs } from '../../src/store/seal-watch.ts'
import { type Authorizer, type Inside, startAuthorizer } from './authorizer.ts'
import { type Cast, createCast, WALL_MS } from './cast.ts'
import { type Checks, createChecks, createInside } from './checks.ts'
import { createHistory, type History } from './history.ts'
import { type Identity, startIdentity } from './identity.ts'
import { createLink, type Link } from './link.ts'
import { createMachine, type Machine } from './machine.ts'
import type { Plan } from './plan.ts'
import { createPostgres, type Postgres } from './postgres.ts'
import { createRandom, type Random } from './random.ts'
import { createRedis, type Redis } from './redis.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import type { Variation } from './variation.ts'

/** Everything of one history. */
export interface World {
  readonly plan: Plan
  readonly variation: Variation
  readonly schedule: Schedule
  readonly random: Random
  readonly history: History
  readonly redis: Redis
  readonly postgres: Postgres
  readonly cast: Cast
  readonly checks: Checks
  /** By slot; a slot is empty while its process is dead. */
  readonly authorizers: (Authorizer | undefined)[]
  readonly identities: (Identity | undefined)[]
  /** Starts a process in an empty slot. */
  startAuthorizer(slot: number): void
  startIdentity(slot: number): void
  /** Whether nothing was amiss from `sinceMs` until now. */
  isHealthy(sinceMs: number): boolean
}

/** Monotonic clocks begin anywhere, and no two alike. */
const BEGAN_MS_MAX = 1e7
const RATE_ERROR_MAX = 1e-3
/** As the stores' defaults: authorizers give up sooner than the identity API. */
const WORKER_TIMEOUT_MS = 100
const IDENTITY_TIMEOUT_MS = 1_000

export function createWorld(plan: Plan, variation: Variation, isTraced: boolean): World {
  const schedule = createSchedule()
  const random = createRandom(plan.seed)
  const history = createHistory(isTraced)
  const postgres = createPostgres(schedule)
  const cast = createCast(random.fork(), postgres.committed)
  const limits = variation.limits?.(plan.limits) ?? plan.limits
  const redis = createRedis({ schedule, random: random.fork(), history, limits })
  const isHealthy = (sinceMs: number) => sinceMs >= plan.healthyFromMs
  const checks = createChecks({
    ...{ history, isHealthy, subjects: cast.subjects },
    leaselessFromMs: redis.goneSinceMs,
    boundMs: leaseBoundMs(plan.sizes.leaseMs),
  })
  const started = { count: 0 }

  function startMachine(kind: string): { machine: Machine; link: (ms: number) => Link } {
    started.count += 1
    const own = random.fork()
    const machine = createMachine({
      ...{ name: `${kind}${started.count}`, schedule, random: own },
      rate: 1 + own.between(-RATE_ERROR_MAX, RATE_ERROR_MAX),
      beganMs: own.next() * BEGAN_MS_MAX,
      wallAtStartMs: WALL_MS + own.between(-500, 500),
    })
    history.say(schedule.nowMs(), `${machine.name} starts`)
    const link = (commandTimeoutMs: number) =>
      createLink({ machine, redis, schedule, random: own, commandTimeoutMs })
    return { machine, link }
  }

  const authorizers: (Authorizer | undefined)[] = []
  const identities: (Identity | undefined)[] = []
  const world: World = {
    ...{ plan, variation, schedule, random, history, redis, postgres, cast, checks, isHealthy },
    ...{ authorizers, identities },
    startAuthorizer(slot) {
      const { machine, link } = startMachine('worker')
      const inside = createInside({ worker: machine.name, nowMs: schedule.nowMs, checks })
      authorizers[slot] = startAuthorizer({
        ...{ machine, link: link(WORKER_TIMEOUT_MS), sizes: plan.sizes, variation },
        database: postgres.connect(machine, random.fork()),
        inside: traced(inside, machine, world),
      })
      watchApplied(world, slot, inside)
    },
    startIdentity(slot) {
      const { machine, link } = startMachine('identity')
      identities[slot] = startIdentity({
        ...{ machine, link: link(IDENTITY_TIMEOUT_MS), times: plan.times, variation },
        database: postgres.connect(machine, random.fork()),
      })
    },
  }
  for (let slot = 0; slot < plan.identitiesCount; slot++) world.startIdentity(slot)
  for (let slot = 0; slot < plan.authorizersCount; slot++) world.startAuthorizer(slot)
  return world
}

function traced(inside: Inside, machine: Machine, { history, schedule }: World): Inside {
  if (!history.isTraced) return inside
  const say = (text: string) => history.say(schedule.nowMs(), `${machine.name} ${text}`)
  return {
    applied(message) {
      say(`applies ${message.seq} ${message.scope} ${message.id}`)
      inside.applied(message)
    },
    startedOver(seq) {
      say(`starts over at ${seq}`)
      inside.startedOver(seq)
    },
    installed(names, seq) {
      say(`remembers ${names.join(' ')} as of ${seq}`)
      inside.installed(names, seq)
    },
  }
}

/** Looks now and then how far it has come; in between nothing is lost, since marks only add up. */
function watchApplied(
  { authorizers, schedule }: World,
  slot: number,
  inside: ReturnType<typeof createInside>,
): void {
  const own = authorizers[slot]
  schedule.plan(schedule.nowMs() + APPLIED_EVERY_MS, function look() {
    if (own === undefined || !own.machine.isAlive()) return
    inside.isAt(own.follower.appliedSeq())
    schedule.plan(schedule.nowMs() + APPLIED_EVERY_MS, look)
  })
}

const APPLIED_EVERY_MS = 400
