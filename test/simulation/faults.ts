import { createObituaries } from '../../src/authorizer/obituary.ts'
import { leaseBoundMs } from '../../src/store/seal-watch.ts'
import { createSecondLeases } from '../../src/store/second-leases.ts'
import type { Link } from './link.ts'
import type { FaultKind } from './plan.ts'
import type { World } from './world.ts'

type Make = (world: World, untilMs: number) => string | undefined

/** Plans all faults of the history. */
export function planFaults(world: World): void {
  const { plan, schedule, history } = world
  for (const { kind, atMs, untilMs } of plan.faults) {
    schedule.plan(atMs, () => {
      const about = FAULTS[kind](world, untilMs)
      history.note(1, atMs, untilMs)
      if (about === undefined) return
      history.say(atMs, `FAULT ${kind}: ${about}, until ${untilMs.toFixed(0)} ms`)
    })
  }
}

/** A living process of either kind, authorizers more often. */
function anyLink({ authorizers, identities, random }: World): [string, Link] | undefined {
  const all = [...authorizers, ...authorizers, ...identities].filter((one) => one !== undefined)
  if (all.length === 0) return undefined
  const one = random.pick(all)
  return [one.name, one.link]
}

function withLink(change: (link: Link, untilMs: number, world: World) => void): Make {
  return (world, untilMs) => {
    const [name, link] = anyLink(world) ?? []
    if (name === undefined || link === undefined) return undefined
    change(link, untilMs, world)
    return name
  }
}

/** All pushes of one process, or of all of them, until the fault is over. */
function withPushes(change: (link: Link, isOn: boolean, world: World) => void): Make {
  return (world, untilMs) => {
    const { authorizers, identities, random, schedule } = world
    const all = [...authorizers, ...identities].filter((one) => one !== undefined)
    const some = random.isLucky(0.5) ? all : [random.pick(all)]
    for (const one of some) if (one !== undefined) change(one.link, true, world)
    schedule.plan(untilMs, () => {
      for (const one of some) if (one !== undefined) change(one.link, false, world)
    })
    return some.map((one) => one?.name).join(', ')
  }
}

/** A process that has gone is started again, within the time of its fault. */
function backLater({ random, schedule }: World, untilMs: number, start: () => void): void {
  schedule.plan(Math.min(untilMs, schedule.nowMs() + random.between(50, 1_500)), start)
}

function restart(lostMs: (world: World) => number): Make {
  return (world, untilMs) => {
    const { redis, random, schedule } = world
    const roomMs = untilMs - schedule.nowMs()
    const downMs = Math.min(roomMs, random.between(5, 2_500))
    redis.restart({ downMs, lostMs: lostMs(world) })
    return `${downMs.toFixed(0)} ms away`
  }
}

/** Promotes a replica; some are left behind with the old primary until the fault is over. */
function failOver(world: World, untilMs: number, isSoon = false): string {
  const { plan, redis, random, schedule, authorizers, identities } = world
  const { fenceMs, leaseMs } = plan.times
  const leases = random.pick(isSoon ? [0.03] : [0.03, 0.15, 0.45, 1]) * random.between(0.7, 1.2)
  const detectMs = leases * leaseMs
  const healMs = Math.max(detectMs + 1, untilMs - schedule.nowMs())
  redis.failOver({ detectMs, lostMs: random.between(0, 0.45 * leaseMs), fenceMs, healMs })
  const left: string[] = []
  for (const one of [...authorizers, ...identities]) {
    if (one === undefined) continue
    const isOne = isSoon && (one === authorizers[0] || one === identities[0])
    one.link.wire.isLeftBehind = isOne || random.isLucky(isSoon ? 0.1 : 0.4)
    if (one.link.wire.isLeftBehind) left.push(one.name)
    else one.link.cut('both')
  }
  schedule.plan(schedule.nowMs() + healMs, () => {
    for (const one of [...authorizers, ...identities]) {
      if (one !== undefined) one.link.wire.isLeftBehind = false
    }
  })
  return `left behind: ${left.join(', ')}`
}

const FAULTS: Readonly<Record<FaultKind, Make>> = {
  'pushes lost': withPushes(({ wire }, isOn, { random }) => {
    wire.pushLoss = isOn ? random.pick([0.2, 0.6, 1]) : 0
  }),
  'pushes late': withPushes(({ wire }, isOn, { random }) => {
    wire.pushLateMsMax = isOn ? random.pick([5, 60, 900]) : 0
    wire.pushTwice = isOn ? 0.3 : 0
  }),
  'pushes cut': withLink((link) => link.cut('pushes')),
  'connection cut': withLink((link, _, { random }) =>
    link.cut(random.isLucky(0.5) ? 'commands' : 'both'),
  ),
  'out blocked': withLink(({ wire }, untilMs) => {
    wire.outBlockedUntilMs = untilMs
  }),
  'in blocked': withLink(({ wire }, untilMs) => {
    wire.inBlockedUntilMs = untilMs
  }),
  'both blocked': withLink(({ wire }, untilMs) => {
    wire.outBlockedUntilMs = untilMs
    wire.inBlockedUntilMs = untilMs
  }),
  'identity cut off'({ identities, random }, untilMs) {
    const one = random.pick(identities)
    if (one !== undefined) one.link.wire.outBlockedUntilMs = untilMs
    return one?.name
  },
  'slow link': withLink(({ wire }, untilMs, { random, schedule }) => {
    wire.latencyMs = random.pick([5, 40, 160])
    schedule.plan(untilMs, () => {
      wire.latencyMs = 0.6
    })
  }),
  'worker stopped'(world, untilMs) {
    const { authorizers, random, schedule, variation } = world
    const one = random.pick(authorizers)
    one?.machine.stop(untilMs - schedule.nowMs())
    if (one !== undefined && variation.isStopTakenForDeath) mourn(world, one.name)
    return one?.name
  },
  /** Its answers are held up, and it is stopped before they come. */
  'worker stopped in waiting'({ authorizers, random, schedule }, untilMs) {
    const one = random.pick(authorizers)
    if (one === undefined) return undefined
    const now = schedule.nowMs()
    one.link.wire.inBlockedUntilMs = now + 95
    schedule.plan(now + random.between(5, 90), () => one.machine.stop(untilMs - now))
    return one.name
  },
  'worker killed'(world, untilMs) {
    const { authorizers, random } = world
    const slot = random.below(authorizers.length)
    const one = authorizers[slot]
    if (one === undefined) return undefined
    authorizers[slot] = undefined
    one.machine.kill()
    one.link.close()
    // A supervisor saw it die, and says so for it; or there is none.
    if (random.isLucky(0.5)) mourn(world, one.name)
    backLater(world, untilMs, () => world.startAuthorizer(slot))
    return one.name
  },
  'worker drained'(world, untilMs) {
    const { authorizers, random } = world
    const slot = random.below(authorizers.length)
    const one = authorizers[slot]
    if (one === undefined || !one.isServing()) return undefined
    authorizers[slot] = undefined
    one.machine.deliver(() => void one.drain().then(() => one.machine.kill()))
    backLater(world, untilMs, () => world.startAuthorizer(slot))
    return one.name
  },
  'identity stopped'({ identities, random, schedule }, untilMs) {
    const one = random.pick(identities)
    one?.machine.stop(untilMs - schedule.nowMs())
    return one?.name
  },
  'identity killed'(world, untilMs) {
    const { identities, random } = world
    const slot = random.below(identities.length)
    const one = identities[slot]
    if (one === undefined) return undefined
    identities[slot] = undefined
    one.machine.kill()
    one.link.close()
    backLater(world, untilMs, () => world.startIdentity(slot))
    return one.name
  },
  'redis stopped'({ redis, random, schedule }, untilMs) {
    const one = random.pick(redis.running())
    one?.machine.stop(Math.min(2_500, untilMs - schedule.nowMs()))
    return one?.runId
  },
  'redis restarted empty': restart(() => Number.POSITIVE_INFINITY),
  'redis restarted behind': restart(({ random }) => random.between(0, 1_500)),
  /** Until the fault is over, and with some of what was written. */
  'redis gone'({ redis, random, schedule }, untilMs) {
    const downMs = untilMs - schedule.nowMs()
    redis.restart({ downMs, lostMs: random.pick([0, 300, Number.POSITIVE_INFINITY]) })
    return 'away'
  },
  'redis failed over': (world, untilMs) => failOver(world, untilMs),
  /**
   * It has just been started. Who is left behind with it may seal it after the one that takes its
   * place, under the higher number; and who knows better may be stopped.
   */
  'redis failed over young'(world, untilMs) {
    const { redis, random, schedule } = world
    const { leaseMs } = world.plan.times
    const downMs = random.between(5, 0.2 * leaseMs)
    redis.restart({ downMs, lostMs: random.pick([300, Number.POSITIVE_INFINITY]) })
    schedule.plan(schedule.nowMs() + downMs + random.between(1, 0.15 * leaseMs), () => {
      const about = failOver(world, untilMs, true)
      const led = world.identities.find((one) => one?.link.wire.isLeftBehind === false)
      const delayMs = random.between(0.1, 0.75) * leaseMs
      const stopMs = untilMs - schedule.nowMs() - delayMs
      if (stopMs > 0) schedule.plan(schedule.nowMs() + delayMs, () => led?.machine.stop(stopMs))
      world.history.say(schedule.nowMs(), `FAULT goes on: ${about}; ${led?.name} is stopped soon`)
    })
    return `${downMs.toFixed(0)} ms away`
  },
  'postgres restarted'({ postgres, random, schedule }, untilMs) {
    postgres.restart(Math.min(untilMs - schedule.nowMs(), random.between(20, 2_000)))
    return 'down'
  },
  /** Again and again, until somebody looks after it. */
  'wall stepped'({ authorizers, identities, random, schedule }, untilMs) {
    const one = random.pick([...authorizers, ...identities, ...identities])
    schedule.plan(schedule.nowMs(), function step() {
      one?.machine.stepWall(random.pick([-300_000, -3_000, -150, 150, 3_000, 300_000]))
      const nextMs = schedule.nowMs() + random.between(100, 1_500)
      if (nextMs < untilMs) schedule.plan(nextMs, step)
    })
    return one?.name
  },
}

/** What a supervisor does for a process that it saw die; it lives with an identity API here. */
function mourn({ identities, plan, postgres, schedule, random }: World, worker: string): void {
  const host = identities.find((one) => one !== undefined)
  if (host === undefined) return
  const database = postgres.connect(host.machine, random.fork())
  const { publish } = createObituaries({
    leave: [(name) => host.link.board.leave(name), createSecondLeases(database).strikeDead],
    clock: host.machine.clock,
    boundMs: leaseBoundMs(plan.sizes.leaseMs),
    onFault: () => undefined,
  })
  schedule.plan(schedule.nowMs() + random.between(1, 60), () =>
    host.machine.deliver(() => publish(worker)),
  )
}
