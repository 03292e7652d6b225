import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createActivities } from '../../src/store/sql-activities.ts'
import { createTwinActivities } from '../../src/store/twin-activities.ts'
import { activity } from './activity.ts'
import { createMember, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`activities with ${name}`, () => {
    let world: World
    before(async () => {
      world = await open()
    })
    after(() => world.close())
    const page = { page: 1, limit: 100 }

    test('what an authorizer appends is in Postgres after a drain, once', async () => {
      const uid = await createMember(world.identity)
      const one = activity({ uid, targetUid: 'ID7', result: 'denied', reason: 'authz.x' })
      await world.authorizer.activities.append([one, activity({ uid, atMs: one.atMs + 1 })])
      await world.authorizer.activities.append([one])
      assert.deepEqual(await world.identity.activities.drain(), { moved: 3, damaged: 0 })
      assert.deepEqual(await world.identity.activities.drain(), { moved: 0, damaged: 0 })
      const { rows, total } = await world.identity.activities.find({ ...page, uid })
      assert.equal(total, 2)
      const { number, email, role, ...listed } = rows[1] as (typeof rows)[number]
      assert.deepEqual(listed, one)
      assert.deepEqual(
        [email, role, number > 0],
        [`${uid.toLowerCase()}@example.com`, 'member', true],
      )
    })

    test('more than one batch is moved, in the order of time, newest first', async () => {
      const uid = unique('ID')
      const many = Array.from({ length: 1201 }, (_, at) => activity({ uid, atMs: 1000 + at }))
      await world.authorizer.activities.append(many)
      assert.equal((await world.identity.activities.drain()).moved, 1201)
      const { rows, total } = await world.identity.activities.find({ page: 2, limit: 2, uid })
      assert.deepEqual([total, rows.map((row) => row.atMs)], [1201, [2198, 2197]])
    })

    test('each filter finds its own', async () => {
      const uid = await createMember(world.identity)
      const email = `${uid}@example.com`
      await world.identity.activities.record(activity({ uid, topic: 'otp', category: 'user' }))
      const about = activity({ uid, targetUid: unique('ID'), action: 'delete', atMs: 50_000 })
      await world.identity.activities.record(about)
      const count = async (query: object) =>
        (await world.identity.activities.find({ ...page, uid, ...query })).total
      assert.equal(await count({}), 2)
      assert.equal(await count({ category: 'user' }), 1)
      assert.equal(await count({ topic: 'otp' }), 1)
      assert.equal(await count({ email }), 2)
      assert.equal(await count({ email: 'nobody@example.com' }), 0)
      assert.equal(await count({ targetUid: about.targetUid }), 1)
      assert.equal(await count({ action: 'delete' }), 1)
      assert.equal(await count({ result: 'failed' }), 0)
      assert.equal(await count({ fromMs: 50_000, toMs: 50_001 }), 1)
      assert.equal(await count({ fromMs: 49_000, toMs: 50_000 }), 0)
    })

    test('an activity of nobody we know is kept all the same', async () => {
      const uid = unique('GONE')
      await world.identity.activities.record(activity({ uid }))
      const { rows } = await world.identity.activities.find({ ...page, uid })
      assert.deepEqual([rows[0]?.uid, rows[0]?.email], [uid, null])
    })
  })
}

test('what cannot be read holds up nothing', async () => {
  const queue = createTwinActivities()
  const stored: string[] = []
  const database = {
    async query<Row>(_text: string, [batch]: readonly unknown[] = []): Promise<Row[]> {
      stored.push(batch as string)
      return []
    },
    execute: async () => undefined,
  }
  await queue.append([new Uint8Array([1, 2, 3])])
  const drained = await createActivities(database, queue).drain()
  assert.deepEqual([drained, stored], [{ moved: 0, damaged: 1 }, []])
  assert.deepEqual(await queue.peek(10), [])
})
