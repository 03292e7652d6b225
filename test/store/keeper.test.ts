import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../../src/core/fault.ts'
import type { Board } from '../../src/store/board.ts'
import type { Database } from '../../src/store/database.ts'
import { createKeeper } from '../../src/store/keeper.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openAuthorizerStores, openDatabase, openIdentityStores } from '../../src/store/open.ts'
import type { Outbox } from '../../src/store/outbox.ts'
import type { AuthorizerStores, IdentityStores } from '../../src/store/stores.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { type RunningServer, startPostgres, startRedis } from '../process/servers.ts'
import { createHolder, createKey, keyFor } from './keys.ts'
import { eventually, migrationsDir, QUICK, sessionFor, signIn } from './worlds.ts'

describe('keeping Redis true', () => {
  let redis: RunningServer
  let postgres: RunningServer
  let authorizer: AuthorizerStores
  let identity: IdentityStores
  let other: IdentityStores

  before(async () => {
    ;[redis, postgres] = await Promise.all([startRedis(), startPostgres()])
    const options = {
      redisUrl: redis.url,
      databaseUrl: postgres.url,
      onFault: () => undefined,
      ...QUICK,
    }
    const database = openDatabase(options)
    await migrate(database, migrationsDir)
    await database.close()
    ;[authorizer, identity, other] = await Promise.all([
      openAuthorizerStores(options),
      openIdentityStores(options),
      openIdentityStores(options),
    ])
  })
  after(async () => {
    await Promise.all([authorizer.close(), identity.close(), other.close()])
    await Promise.all([redis.stop(), postgres.stop()])
  })

  const load = async (hash: string) => (await authorizer.facts.load(hash)).found
  /** What a process leaves behind that dies between its commit and its script. */
  async function lockUnpublished(uid: string): Promise<void> {
    const database = openDatabase({ databaseUrl: postgres.url })
    await database.query(
      "update users set state = 'locked', version = version + 1 where uid = $1",
      [uid],
    )
    await database.query("insert into changes (scope, subject) values ('user', $1)", [uid])
    await database.close()
  }
  const reconnected = () =>
    eventually(() => Promise.all([identity.ping(), other.ping()]).then(() => undefined))

  test('before it is sealed nothing is believed and nobody signs in', async () => {
    const unsealed = { code: 'store_unsealed' }
    await assert.rejects(authorizer.facts.load('x'), unsealed)
    await assert.rejects(authorizer.invalidations.heartbeat('w', 0), unsealed)
    await assert.rejects(authorizer.invalidations.since(0), unsealed)
    await assert.rejects(authorizer.facts.touch([{ hash: 'x', idleAtMs: 1 }]), unsealed)
    await assert.rejects(signIn(identity), unsealed)
  })

  test('of two sealers at once one does it', async () => {
    const outcomes = await Promise.all([identity.keeper.seal(), other.keeper.seal()])
    assert.deepEqual(outcomes.sort(), [false, true])
    assert.match((await authorizer.invalidations.heartbeat('w', 0)).epoch, /^1\./)
  })

  test('kill -9 and an empty restart: live sessions return, ended ones do not', async () => {
    const live = await signIn(identity)
    const touched = await signIn(identity)
    const ended = await signIn(identity)
    const allEnded = await signIn(identity)
    const idleAtMs = touched.createdAtMs + 1_900_000
    await authorizer.facts.touch([{ hash: touched.hash, idleAtMs }])
    await identity.keeper.copyIdle()
    await identity.sessions.end(ended.hash)
    await identity.sessions.endAll(allEnded.uid)
    await identity.users.change(live.uid, { role: 'trader' })
    const holder = await createHolder(identity)
    const [key, removed] = [await createKey(identity, holder), await createKey(identity, holder)]
    await identity.apiKeys.remove(holder, removed)
    const { epoch, seq } = await authorizer.invalidations.heartbeat('w', 0)

    redis.kill('SIGKILL')
    await redis.ended()
    await redis.restart()
    await eventually(() => assert.rejects(authorizer.facts.load(live.hash), /store_unsealed/))
    await reconnected()
    assert.equal(await identity.keeper.seal(), true)

    const found = await eventually(() => load(live.hash))
    assert.deepEqual(found?.session, live)
    assert.equal(found?.principal.role, 'trader')
    assert.equal((await load(touched.hash))?.idleAtMs, idleAtMs)
    assert.equal(await load(ended.hash), undefined)
    assert.equal(await load(allEnded.hash), undefined)
    const facts = (await authorizer.keys.load(key)).found
    assert.deepEqual([facts?.key.kid, facts?.principal.uid], [key, holder])
    assert.equal((await authorizer.keys.load(removed)).found, undefined)
    const head = await authorizer.invalidations.heartbeat('w', 0)
    assert.notEqual(head.epoch, epoch)
    assert.ok(head.seq > seq)
    assert.equal(await authorizer.invalidations.since(seq), undefined)
  })

  test('a change while Redis is down is owed, and put into force by whoever seals', async () => {
    const ended = await signIn(identity)
    const banned = await signIn(identity)
    const holder = await createHolder(identity)
    const [key, gone] = [await createKey(identity, holder), await createKey(identity, holder)]
    redis.kill('SIGKILL')
    await redis.ended()
    const notYet = { code: 'not_in_force', message: /recorded, not yet in force/ }
    await assert.rejects(identity.sessions.end(ended.hash), notYet)
    await assert.rejects(identity.users.change(banned.uid, { state: 'banned' }), notYet)
    await assert.rejects(identity.users.change(holder, { state: 'banned' }), notYet)
    await assert.rejects(identity.apiKeys.remove(holder, gone), notYet)
    await assert.rejects(identity.keeper.reconcile(), { code: 'store_unavailable' })
    await redis.restart()
    await reconnected()
    await other.keeper.seal()
    await eventually(() => authorizer.invalidations.heartbeat('w', 0))
    assert.equal(await load(ended.hash), undefined)
    assert.equal((await load(banned.hash))?.principal.state, 'banned')
    assert.equal((await authorizer.keys.load(key)).found?.key.state, 'inactive')
    assert.equal((await authorizer.keys.load(gone)).found, undefined)
    assert.equal(await identity.keeper.reconcile(), 0)
  })

  test('a login that Redis did not hear of is not found alive by the next sealing', async () => {
    const { uid } = await signIn(identity)
    redis.kill('SIGKILL')
    await redis.ended()
    const lost = sessionFor(uid)
    await assert.rejects(identity.sessions.open(lost, lost.endsAtMs), { code: 'store_unavailable' })
    await redis.restart()
    await reconnected()
    await identity.keeper.seal()
    await eventually(() => authorizer.invalidations.heartbeat('w', 0))
    assert.equal(await load(lost.hash), undefined)
  })

  test('a key that Redis did not hear of does not stay, nor does it end another', async () => {
    const uid = await createHolder(identity)
    const kid = await createKey(identity, uid)
    redis.kill('SIGKILL')
    await redis.ended()
    const lost = keyFor(uid)
    const away = { code: 'store_unavailable' }
    await assert.rejects(identity.apiKeys.create(lost), away)
    const rotation = { uid, kid, endsAtMs: Date.now() }
    await assert.rejects(identity.apiKeys.rotate(rotation, { ...lost, kid: 'next' }), away)
    await redis.restart()
    await reconnected()
    await identity.keeper.seal()
    await eventually(() => authorizer.invalidations.heartbeat('w', 0))
    assert.equal((await authorizer.keys.load(lost.kid)).found, undefined)
    assert.equal((await authorizer.keys.load('next')).found, undefined)
    assert.equal((await authorizer.keys.load(kid)).found?.key.expiresAtMs, undefined)
    assert.equal(await identity.apiKeys.find(uid, lost.kid), undefined)
  })

  test('a number that was raised for a board which is gone does not stop all changes', async () => {
    const { hash } = await signIn(identity)
    const { epoch } = await authorizer.invalidations.heartbeat('w', 0)
    const database = openDatabase({ databaseUrl: postgres.url })
    // What a process leaves behind that began to seal a primary, and lost it half-way.
    await database.query('update epoch set n = n + 1')
    await assert.rejects(identity.sessions.end(hash), { code: 'not_in_force' })
    assert.notEqual(await load(hash), undefined)

    const outcomes = await Promise.all([identity.keeper.seal(), other.keeper.seal()])
    assert.deepEqual(outcomes.sort(), [false, true])
    assert.notEqual((await authorizer.invalidations.heartbeat('w', 0)).epoch, epoch)
    assert.equal(await load(hash), undefined)
    const next = await signIn(identity)
    assert.equal(await identity.sessions.end(next.hash), true)
    assert.equal(await identity.keeper.seal(), false)
    await database.close()
  })

  test('a logout that meets a sealing is recorded under the number it was raised to', async () => {
    const { hash } = await signIn(identity)
    const database = openDatabase({ databaseUrl: postgres.url })
    let ending: Promise<unknown> | undefined
    await database.transaction(async (transaction) => {
      await transaction.query('update epoch set n = n + 1')
      ending = identity.sessions.end(hash)
      ending.catch(() => undefined)
      await pause(200)
    })
    await assert.rejects(ending ?? Promise.resolve(), { code: 'not_in_force' })
    const [row] = await database.query(
      `select c.epoch = e.n as is_new, c.subject, c.ended::text as ended, c.reason, c.scope
        from changes c, epoch e order by c.id desc limit 1`,
    )
    const ended = JSON.stringify([hash])
    assert.deepEqual(row, {
      ...{ is_new: true, subject: hash, ended, reason: 'logout', scope: 'session' },
    })
    await Promise.all([identity.keeper.seal(), other.keeper.seal()])
    await eventually(() => authorizer.invalidations.heartbeat('w', 0))
    assert.equal(await load(hash), undefined)
    await database.close()
  })

  test('what a login or a key knows of its holder waits for the change itself', async () => {
    const uid = await createHolder(identity)
    const { hash } = await signIn(identity, uid)
    const kid = await createKey(identity, uid)
    await lockUnpublished(uid)
    const next = await signIn(identity, uid)
    await identity.apiKeys.change(uid, kid, { state: 'inactive' })
    for (const one of [hash, next.hash]) {
      assert.equal((await load(one))?.principal.state, 'active')
    }
    assert.equal((await authorizer.keys.load(kid)).found?.principal.state, 'active')
    // At first sight it could be one that another process is just publishing.
    const counts = [await identity.keeper.reconcile(), await identity.keeper.reconcile()]
    assert.deepEqual(counts.sort(), [0, 1])
    for (const one of [hash, next.hash]) {
      assert.equal((await load(one))?.principal.state, 'locked')
    }
    assert.equal((await authorizer.keys.load(kid)).found?.principal.state, 'locked')
  })

  test('reconciling re-runs what was committed but never published', async () => {
    const { hash, uid } = await signIn(identity)
    await lockUnpublished(uid)
    assert.equal((await load(hash))?.principal.state, 'active')
    // At first sight it could be one that another process is just publishing.
    assert.equal(await identity.keeper.reconcile(), 0)
    assert.equal(await identity.keeper.reconcile(), 1)
    assert.equal((await load(hash))?.principal.state, 'locked')
    assert.equal(await identity.keeper.reconcile(), 0)
  })

  test('with Postgres gone an authorizer goes on, and the identity API says so', async () => {
    const session = await signIn(identity)
    postgres.kill('SIGKILL')
    await postgres.ended()
    assert.deepEqual((await load(session.hash))?.session, session)
    await authorizer.facts.touch([{ hash: session.hash, idleAtMs: 1 }])
    await authorizer.invalidations.heartbeat('w', 0)
    const away = { code: 'store_unavailable' }
    await assert.rejects(authorizer.policies.loadPermissions(), away)
    await assert.rejects(identity.sessions.end(session.hash), away)
    await assert.rejects(identity.users.findByUid(session.uid), away)
    await assert.rejects(identity.keeper.reconcile(), away)
    await assert.rejects(identity.ping(), away)
    await postgres.restart()
    await eventually(() => identity.ping())
    assert.equal(await identity.sessions.end(session.hash), true)
  })
})

test('all that is owed is put at the start and after a fault, else what is overdue', async () => {
  const swept: string[] = []
  const world = { isAway: false }
  const sweep = (which: string) => async () => {
    swept.push(which)
    return 0
  }
  const keeper = createKeeper({
    board: {
      async sealedAs() {
        if (world.isAway) throw new Fault('store_unavailable')
        return 1
      },
      takeTouched: async () => [],
    } as Partial<Board> as Board,
    database: { query: async () => [{ n: 1 }] } as Partial<Database> as Database,
    outbox: {
      publishOwed: sweep('all'),
      publishOverdue: sweep('overdue'),
    } as Partial<Outbox> as Outbox,
    ...{ clock: systemClock, fenceMs: 0 },
  })
  const look = async () => {
    await keeper.seal()
    await keeper.reconcile()
  }
  await look()
  await look()
  world.isAway = true
  await assert.rejects(look())
  world.isAway = false
  await look()
  await look()
  assert.deepEqual(swept, ['all', 'overdue', 'all', 'overdue'])
})
