import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Edge } from './edge.ts'
import { callRedis } from './redis-hand.ts'
import type { Stand, Worker } from './stand.ts'

export const FAULT_NAMES = [
  ...(['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8'] as const),
  ...(['R9', 'R10', 'R11', 'R12', 'R13', 'R14', 'R15'] as const),
] as const
export type FaultName = (typeof FAULT_NAMES)[number]

/** Where a fault happens, and the chance by which it chooses. */
export interface Scene {
  readonly stand: Stand
  /** From 0 to 1. */
  readonly random: () => number
  readonly pause: (ms: number) => Promise<void>
  /** No fault lasts longer, but for what must pass until its lease is over. */
  readonly longestMs: number
  /** Has been made good; what follows only puts the stand in order again. */
  readonly healed: () => void
}

/** What was done, for the table. */
export interface Struck {
  readonly about: string
  /** Authorizers that were struck alone. */
  readonly workers?: readonly number[]
  /** They could not hear anything at all, or not say anything. */
  readonly isCutOff?: boolean
  readonly isStopped?: boolean
}

export interface Fault {
  readonly about: string
  readonly needsReplica?: boolean
  strike(scene: Scene): Promise<Struck>
}

const chooseWorker = ({ stand, random }: Scene) => Math.floor(random() * stand.workers.length)
const workerAt = ({ stand }: Scene, at: number) => stand.workers[at] as Worker
const choose = <T>({ random }: Scene, values: readonly T[]) =>
  values[Math.floor(random() * values.length)] as T
/** From a tenth of a second to the longest. */
const someTime = ({ random, longestMs }: Scene) => 100 + random() * (longestMs - 100)
/** So long that no lease can be left, and something besides. */
const beyondLease = ({ stand, random }: Scene) => stand.leaseMs * (1.4 + 0.6 * random())
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

async function hurt(
  edges: readonly Edge[],
  faults: Parameters<Edge['set']>[0],
  ms: number,
  scene: Scene,
): Promise<void> {
  for (const edge of edges) edge.set(faults)
  await scene.pause(ms)
  for (const edge of edges) edge.heal()
  scene.healed()
}

async function stopWorker(scene: Scene): Promise<Struck> {
  const at = chooseWorker(scene)
  const ms = someTime(scene)
  const { server } = workerAt(scene, at)
  server.kill('SIGSTOP')
  await scene.pause(ms)
  server.kill('SIGCONT')
  scene.healed()
  const about = `SIGSTOP of authorizer ${at} for ${seconds(ms)}`
  return { about, workers: [at], isStopped: true }
}

async function killWorker(scene: Scene): Promise<Struck> {
  const at = chooseWorker(scene)
  const { server } = workerAt(scene, at)
  server.kill('SIGKILL')
  await server.ended()
  await scene.pause(scene.random() * 500)
  await server.restart()
  scene.healed()
  return { about: `kill -9 of authorizer ${at}`, workers: [at], isStopped: true }
}

async function stopRedis(scene: Scene): Promise<Struck> {
  const { primary } = scene.stand
  const ms = someTime(scene)
  primary.kill('SIGSTOP')
  await scene.pause(ms)
  primary.kill('SIGCONT')
  scene.healed()
  return { about: `SIGSTOP of Redis for ${seconds(ms)}` }
}

/** `kept`: as an append-only file would bring it back; `old`: a snapshot that lacks the rest. */
async function killRedis(scene: Scene): Promise<Struck> {
  const { primary } = scene.stand
  const left = choose(scene, ['nothing', 'nothing', 'an old snapshot', 'all'] as const)
  const [, folder] = (await callRedis(primary.port, 'CONFIG', 'GET', 'dir')) as [string, string]
  if (left !== 'nothing') await callRedis(primary.port, 'SAVE')
  if (left === 'an old snapshot') await scene.pause(500)
  primary.kill('SIGKILL')
  await primary.ended()
  if (left === 'nothing') await rm(join(folder, 'dump.rdb'), { force: true })
  await primary.restart()
  scene.healed()
  await rm(join(folder, 'dump.rdb'), { force: true })
  await scene.stand.rejoin()
  return { about: `kill -9 of Redis, back with ${left}` }
}

async function hangRedis(scene: Scene): Promise<Struck> {
  const { port } = scene.stand.primary
  const ms = Math.min(scene.longestMs, 300 + scene.random() * 1_200)
  if (scene.random() < 0.5) {
    await callRedis(port, 'DEBUG', 'SLEEP', ms / 1000)
    scene.healed()
    return { about: `DEBUG SLEEP ${seconds(ms)}` }
  }
  const mode = choose(scene, ['ALL', 'WRITE'])
  await callRedis(port, 'CLIENT', 'PAUSE', Math.round(ms), mode)
  await scene.pause(ms)
  scene.healed()
  return { about: `CLIENT PAUSE ${mode} for ${seconds(ms)}` }
}

const HOLES = {
  'all it sends': { holdToServer: true },
  'all it is sent': { holdToClient: true },
  'both directions': { holdToServer: true, holdToClient: true },
} as const

async function blackHole(scene: Scene): Promise<Struck> {
  const { identities } = scene.stand
  const hole = choose(scene, Object.keys(HOLES) as (keyof typeof HOLES)[])
  const ms = beyondLease(scene)
  const isWorker = scene.random() < 0.75
  const at = isWorker ? chooseWorker(scene) : Math.floor(scene.random() * identities.length)
  const edge = isWorker ? workerAt(scene, at).redis : (identities[at]?.redis as Edge)
  await hurt([edge], HOLES[hole], ms, scene)
  const about = `${edge.name}: ${hole} lost for ${seconds(ms)}`
  return isWorker ? { about, workers: [at], isCutOff: true } : { about }
}

async function dropPushes(scene: Scene): Promise<Struck> {
  const edges = scene.stand.redisEdges()
  const dropPushes = choose(scene, [0.3, 0.7, 1])
  const before = edges.reduce((sum, edge) => sum + edge.droppedCount, 0)
  const faults = { dropPushes, repeatPushes: 0.3, delayToClientMs: choose(scene, [0, 0, 20]) }
  await hurt(edges, faults, Math.min(2_000, scene.longestMs), scene)
  const dropped = edges.reduce((sum, edge) => sum + edge.droppedCount, 0) - before
  return { about: `${dropPushes * 100} % of pushes lost (${dropped}), others doubled or late` }
}

async function killSubscribers(scene: Scene): Promise<Struck> {
  const { port } = scene.stand.primary
  const limit = 'client-output-buffer-limit'
  await callRedis(port, 'CONFIG', 'SET', limit, 'pubsub 65536 65536 1')
  for (let times = 0; times < 4; times++) {
    await callRedis(port, 'CLIENT', 'KILL', 'TYPE', 'pubsub')
    await scene.pause(150)
  }
  scene.healed()
  await callRedis(port, 'CONFIG', 'SET', limit, 'pubsub 33554432 8388608 60')
  return { about: 'CLIENT KILL TYPE pubsub four times, and small buffers' }
}

async function loseTail(scene: Scene): Promise<Struck> {
  const { stand } = scene
  const { primary, replica } = stand
  replica?.kill('SIGSTOP')
  await scene.pause(500)
  primary.kill('SIGKILL')
  await primary.ended()
  replica?.kill('SIGCONT')
  await stand.promote(stand.redisEdges())
  scene.healed()
  await primary.restart()
  await stand.rejoin()
  return { about: 'the replica stood still, the primary was killed, the replica took over' }
}

async function splitBrain(scene: Scene): Promise<Struck> {
  const { stand } = scene
  const old = stand.workers.flatMap(({ redis }, at) => (at % 2 === 0 ? [redis] : []))
  await stand.promote(stand.redisEdges().filter((edge) => !old.includes(edge)))
  await scene.pause(stand.fenceMs + stand.leaseMs)
  for (const edge of old) {
    edge.retarget(stand.primary.port)
    edge.cut()
  }
  scene.healed()
  await stand.rejoin()
  return { about: 'every other authorizer stayed with the primary that had been replaced' }
}

async function killIdentity(scene: Scene): Promise<Struck> {
  const { identities } = scene.stand
  const at = Math.floor(scene.random() * identities.length)
  const server = identities[at]?.server
  server?.kill('SIGKILL')
  await server?.ended()
  await scene.pause(scene.random() * 700)
  await server?.restart()
  scene.healed()
  return { about: `kill -9 of identity ${at}, whatever it was doing` }
}

/** Killed, or told to shut down: then it ends each connection politely, whatever is under way. */
async function endPostgres(scene: Scene): Promise<Struck> {
  const { postgres } = scene.stand
  const ms = someTime(scene)
  const isPolite = scene.random() < 0.5
  postgres.kill(isPolite ? 'SIGINT' : 'SIGKILL')
  await postgres.ended()
  await scene.pause(ms)
  await postgres.restart()
  scene.healed()
  const how = isPolite ? 'shut down' : 'killed'
  return { about: `Postgres ${how}, away for ${seconds(ms)}` }
}

const STEPS_MS = [300_000, -300_000, 3_600_000, -3_600_000]

async function stepClock(scene: Scene): Promise<Struck> {
  const { workers, identities } = scene.stand
  const isWorker = scene.random() < 0.7
  const at = isWorker ? chooseWorker(scene) : Math.floor(scene.random() * identities.length)
  const chosen = isWorker ? workers[at] : identities[at]
  const stepMs = choose(scene, STEPS_MS)
  const file = chosen?.clockFile ?? ''
  await writeFile(file, String(stepMs))
  await scene.pause(Math.min(2_000, scene.longestMs))
  await writeFile(file, '0')
  scene.healed()
  const who = isWorker ? `authorizer ${at}` : `identity ${at}`
  const about = `the wall clock of ${who} was ${stepMs / 60_000} min off`
  return isWorker ? { about, workers: [at] } : { about }
}

async function trimLog(scene: Scene): Promise<Struck> {
  const { stand } = scene
  const at = chooseWorker(scene)
  const { redis } = workerAt(scene, at)
  redis.set({ dropPushes: 1, delayToServerMs: stand.leaseMs / 8 })
  for (let times = 0; times < 20; times++) {
    await callRedis(stand.primary.port, 'XTRIM', '{dv}inv', 'MAXLEN', '1')
    await scene.pause(50)
  }
  redis.heal()
  scene.healed()
  return { about: `the log cut to one entry while authorizer ${at} lagged`, workers: [at] }
}

/** One part in twenty of a core: what a scheduler's quota does, by signals. */
async function starve(scene: Scene): Promise<Struck> {
  const at = chooseWorker(scene)
  const { server } = workerAt(scene, at)
  for (let times = 0; times < 20; times++) {
    server.kill('SIGSTOP')
    await scene.pause(95)
    server.kill('SIGCONT')
    await scene.pause(5)
  }
  scene.healed()
  return { about: `authorizer ${at} ran 5 ms in 100`, workers: [at], isStopped: true }
}

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  R1: { about: 'an authorizer is stopped', strike: stopWorker },
  R2: { about: 'an authorizer is killed', strike: killWorker },
  R3: { about: 'Redis is stopped', strike: stopRedis },
  R4: { about: 'Redis is killed and restarted', strike: killRedis },
  R5: { about: 'Redis hangs', strike: hangRedis },
  R6: { about: 'a black hole between Redis and one process', strike: blackHole },
  R7: { about: 'pushes are lost, doubled, late', strike: dropPushes },
  R8: { about: 'subscribers are thrown out', strike: killSubscribers },
  R9: { about: 'a failover that loses writes', needsReplica: true, strike: loseTail },
  R10: { about: 'two primaries at once', needsReplica: true, strike: splitBrain },
  R11: { about: 'an identity API is killed', strike: killIdentity },
  R12: { about: 'Postgres is killed, or shuts down', strike: endPostgres },
  R13: { about: 'a wall clock steps', strike: stepClock },
  R14: { about: 'the log is trimmed', strike: trimLog },
  R15: { about: 'an authorizer starves', strike: starve },
}

/** What no machine is asked to do here, and what stands in for it. */
export const STAND_INS = [
  'network namespaces: every edge is a proxy that can swallow one direction',
  'libfaketime: the wall clock of the JavaScript is stepped; rates are left to simulation',
  'cgroups: an authorizer is stopped 95 ms in 100',
  'Sentinel: the proxies lead to the new primary, as a virtual address would',
] as const
