import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Scope } from '../../src/core/invalidation.ts'
import type { Board, Notice, Posting } from '../../src/store/board.ts'
import { openRedisBoard } from '../../src/store/redis.ts'
import { createTwinBoard } from '../../src/store/twin.ts'
import { callRedis } from '../chaos/redis-hand.ts'
import { type RunningServer, startRedis } from '../process/servers.ts'
import { createBoardState } from '../simulation/board-state.ts'
import { createRandom, type Random } from '../simulation/random.ts'
import { eventually } from './worlds.ts'

/** Of one board: what it answers, with what only that board can say taken out. */
type Step = (board: Pick<Board, (typeof ASKED)[number]>) => Promise<unknown>

const ASKED = [
  ...(['begin', 'prepare', 'preparePrincipals', 'prepareKeys', 'seal'] as const),
  ...(['open', 'apply', 'load', 'loadKey'] as const),
  ...(['touch', 'heartbeat', 'report', 'leave', 'members', 'prune', 'since'] as const),
  ...(['idleDeadlines', 'sealedAs'] as const),
] as const
const HISTORIES = 40
const STEPS = 60
const RUN_ID = 'run'
const FOREVER_MS = Date.now() + 86_400_000

let server: RunningServer
let redis: Board

before(async () => {
  server = await startRedis()
  const times = { commandTimeoutMs: 10_000, connectTimeoutMs: 10_000, onFault: () => undefined }
  redis = await openRedisBoard({ url: server.url, ...times })
})
after(async () => {
  await redis.close()
  await server.stop()
})

/** The board of the simulation, asked as the others are. */
function createModel(): Record<string, (...args: readonly unknown[]) => Promise<unknown>> {
  const state = createBoardState({ logEntriesMax: 100_000, sinceEntriesMax: 10_000 })
  const calls = ASKED.map((name) => {
    const call = state[name] as (...args: readonly unknown[]) => unknown
    // Whoever leaves needs no seal, and names no server.
    const own = name === 'leave' ? [] : [RUN_ID]
    return [name, async (...args: readonly unknown[]) => call(...own, ...args)] as const
  })
  return Object.fromEntries(calls)
}

function drawStep(random: Random): Step {
  const one = (prefix: string) => `${prefix}${random.below(4)}`
  const hash = one('h')
  const other = one('h')
  const bytes = () => Uint8Array.of(random.below(256), random.below(256))
  const worker = one('w')
  const seq = 2 ** 32 + random.below(30)
  const posting: Posting = {
    ...{ hash, uid: one('u'), session: bytes(), principal: bytes() },
    ...{ principalVersion: random.below(5), generation: random.below(4) },
    ...{ idleAtMs: FOREVER_MS - random.below(1_000), endsAtMs: FOREVER_MS },
  }
  const key = {
    ...{ kid: one('k'), uid: one('u'), record: bytes(), version: random.below(5) },
    untilMs: FOREVER_MS,
  }
  const some = <T>(value: T) => (random.isLucky(0.4) ? [value] : [])
  const version = random.below(5)
  const principal = { uid: one('u'), record: bytes(), version, generation: random.below(4) }
  const notice: Notice = {
    scope: random.pick<Scope>(['session', 'user', 'key', 'policy', 'restrictions', 'keyring']),
    id: hash,
    ended: some(one('h')),
    kept: some({ hash: one('h'), generation: random.below(4) }),
    keys: { ended: some(one('k')), posted: some(key) },
    principal: random.isLucky(0.4) ? principal : undefined,
  }
  const beside = { ...posting, hash: other }
  // Mostly the same sealing, so that histories get somewhere.
  const n = random.isLucky(0.8) ? 1 : 2
  const filling = { epochNumber: n, isEmpty: false }
  const holder = { ...principal, untilMs: FOREVER_MS }
  const sealing = { ...key, principal: bytes(), principalVersion: random.below(5) }
  return random.pick<Step>([
    (board) => done(board.begin(n)),
    (board) => done(board.begin(n, 1)),
    (board) => done(board.begin(n, 2)),
    (board) => board.prepare(filling, [posting, beside], notice.ended),
    (board) => board.preparePrincipals(filling, [holder]),
    async (board) => {
      const begun = { epochNumber: n, isEmpty: await board.begin(n) }
      await board.prepare(begun, [posting], [])
      await board.preparePrincipals(begun, [holder])
    },
    (board) => board.prepareKeys(n, [sealing]),
    (board) => board.seal(n),
    (board) => board.open(posting, n),
    (board) => board.open(posting, 0),
    (board) => board.apply(notice, 1),
    (board) => board.apply(notice, 2),
    (board) => board.load(hash),
    (board) => board.loadKey(key.kid),
    (board) => board.touch([{ hash, idleAtMs: FOREVER_MS + (seq % 1_000) }]),
    (board) => board.heartbeat(worker, seq),
    (board) => done(board.report(worker, seq)),
    (board) => done(board.leave(worker)),
    (board) => board.members(),
    (board) => board.prune(worker, 1 + (seq % 9)),
    (board) => board.since(seq),
    (board) => board.idleDeadlines([hash, other]),
    (board) => board.sealedAs(),
  ])
}

/** Where one board says more than another, for nobody who asks there. */
const done = (answer: Promise<unknown>) => answer.then(() => undefined)

/** What was answered, or which fault, in words that all boards share. */
async function said(step: Step, board: unknown): Promise<string> {
  const spell = (_: string, value: unknown) => {
    if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString('hex')
    const { data, type } = (value ?? {}) as { data?: number[]; type?: string }
    return type === 'Buffer' ? Buffer.from(data ?? []).toString('hex') : value
  }
  try {
    const value = await step(board as Board)
    const text = JSON.stringify(ordered(value), spell) ?? 'nothing'
    return text.replace(/"epoch":"(\d+)\.\w+"/g, '"epoch":$1')
  } catch (fault) {
    return `fault ${(fault as { code?: string }).code}`
  }
}

/** The list of members has no order, and reports nothing but whether there was news. */
function ordered(value: unknown): unknown {
  const { members } = (value ?? {}) as { members?: readonly { readonly worker: string }[] }
  if (members === undefined) return value
  const sorted = members.map(({ worker, ...rest }) => ({ worker, ...rest }))
  sorted.sort((one, other) => (one.worker < other.worker ? -1 : 1))
  return { ...(value as object), members: sorted }
}

test('Redis, its twin and the model of the simulation answer alike, step for step', async () => {
  const steps = await eventually(() => redis.sealedAs().then(() => HISTORIES * STEPS))
  let seals = 0
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const random = createRandom(seed)
    await callRedis(server.port, 'FLUSHALL')
    const twin = createTwinBoard(Date.now)
    const model = createModel()
    const opening: Step[] = [(board) => done(board.begin(1)), (board) => board.seal(1)]
    const waits = random.below(8)
    for (let at = 0; at < STEPS; at++) {
      const opened = at - waits
      const step = opening[opened] ?? drawStep(random)
      const [real, alike, modelled] = [
        await said(step, redis),
        await said(step, twin),
        await said(step, model),
      ]
      const where = `seed ${seed}, step ${at}: ${step}`
      assert.equal(alike, real, where)
      assert.equal(modelled, real, where)
      if (real.includes('"seq"')) seals += 1
    }
    await twin.close()
  }
  assert.ok(seals > steps / 10, `${seals} of ${steps} answers told of a log`)
})

test('a session whose holder was not filled in again is not known', async () => {
  const untilMs = FOREVER_MS
  const session = { hash: 'h', uid: 'u', session: Uint8Array.of(1), generation: 0 }
  const refilled = { ...session, idleAtMs: untilMs, endsAtMs: untilMs }
  // A failover lost the change of the holder to version 3: version 2 was left behind.
  const left = { ...refilled, principal: Uint8Array.of(2), principalVersion: 2 }
  const changed = { uid: 'u', record: Uint8Array.of(3), version: 1, generation: 0 }
  const notice = { scope: 'user', id: 'u', ended: [], kept: [], principal: changed } as const
  const steps: readonly [Step, RegExp][] = [
    [(board) => done(board.begin(1)), /nothing/],
    [(board) => board.seal(1), /nothing/],
    [(board) => board.open(left, 1), /opened/],
    [(board) => board.begin(2, 1), /false/],
    // The session ended between the reading of the sessions and that of the holders.
    [(board) => board.prepare({ epochNumber: 2, isEmpty: false }, [refilled], []), /nothing/],
    [(board) => board.seal(2), /nothing/],
    [(board) => board.load('h'), /^(?!.*found)/],
    // Postgres is the truth, whatever version was left behind.
    [(board) => board.apply(notice, 2), /"seq"/],
    [(board) => board.load('h'), /"principal":"03"/],
  ]
  await callRedis(server.port, 'FLUSHALL')
  const twin = createTwinBoard(Date.now)
  for (const board of [redis, twin, createModel()]) {
    for (const [step, expected] of steps) assert.match(await said(step, board), expected)
  }
  await twin.close()
})
