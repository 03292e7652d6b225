import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import { createAcknowledger } from '../../src/store/acknowledge.ts'
import type { Board, Notice } from '../../src/store/board.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { endedNotice, noticeOf } from '../../src/store/notices.ts'
import { createOutbox } from '../../src/store/outbox.ts'
import { openPGlite } from '../../src/store/pglite.ts'
import { createReceipts } from '../../src/store/receipts.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { createTwinBoard } from '../../src/store/twin.ts'
import { copyDirectory } from '../process/embedded.ts'
import { removeFolder } from '../process/servers.ts'
import { migrationsDir } from './worlds.ts'

const TIMES = {
  ...{ clock: systemClock, onFault: () => undefined },
  ...{ leaseMs: 50, fenceMs: 0, retryMs: 0 },
}

describe('changes on their way to the board', () => {
  let folder: string
  let database: Database
  let twin: Board
  let applied: Notice[] = []
  let refusal: ((notice: Notice) => Fault | undefined) | undefined

  before(async () => {
    folder = await copyDirectory()
    database = await openPGlite(join(folder, 'database'))
    await migrate(database, migrationsDir)
    twin = createTwinBoard(Date.now)
    await twin.begin(1)
    await twin.seal(1)
  })
  after(async () => {
    await Promise.all([twin.close(), database.close()])
    await removeFolder(folder)
  })

  function outboxOver(refuse?: (notice: Notice) => Fault | undefined, over = database) {
    applied = []
    refusal = refuse
    const board: Board = {
      ...twin,
      async apply(notice, epochNumber) {
        const fault = refusal?.(notice)
        if (fault !== undefined) throw fault
        applied.push(notice)
        return twin.apply(notice, epochNumber)
      },
    }
    const acknowledger = createAcknowledger({ board, ...TIMES })
    return createOutbox({ database: over, board, acknowledger, receipts: createReceipts() })
  }
  const record = (outbox: ReturnType<typeof outboxOver>, subject: string) => {
    const change = { scope: 'session', subject, ended: [subject] } as const
    return database.transaction((transaction) => outbox.record(transaction, change))
  }
  const away = () => new Fault('store_unavailable')

  test('a published change is not owed any more', async () => {
    const outbox = outboxOver()
    await outbox.publish(await record(outbox, 'a'))
    assert.deepEqual(applied, [
      { scope: 'session', id: 'a', ended: ['a'], closed: [], kept: [], principal: undefined },
    ])
    assert.equal(await outbox.publishOwed(), 0)
  })

  test('a session that ended is put there as it would be if it were read', async () => {
    const row = { id: 1, scope: 'session', subject: 'a', ended: '["a"]', is_all: false } as const
    const query = async () => [{ uid: 'u' }]
    const same = { epoch: 1, reason: 'logout' } as const
    const read = await noticeOf({ ...database, query: query as never }, { ...row, ...same })
    assert.deepEqual(endedNotice({ id: 1, hash: 'a', uid: 'u', ...same }), read)
    const outbox = outboxOver()
    const id = await record(outbox, 'a')
    await outbox.publish({ id, hash: 'a', uid: 'u', ...same })
    assert.deepEqual(applied, [read])
    assert.equal(await outbox.publishOwed(), 0)
  })

  test('nobody waits until it is marked, and what stays unmarked is put there again', async () => {
    const stuck = outboxOver(undefined, {
      ...database,
      query: (text, values) =>
        /applied_at = now/.test(text) ? Promise.reject(away()) : database.query(text, values),
    })
    await stuck.publish(await record(stuck, 'i'))
    const outbox = outboxOver()
    assert.equal(await outbox.publishOwed(), 1)
    assert.deepEqual(
      applied.map((one) => one.id),
      ['i'],
    )
  })

  test('a change of a transaction that failed does not exist', async () => {
    const outbox = outboxOver()
    const failing = database.transaction(async (transaction) => {
      await outbox.record(transaction, { scope: 'policy', subject: '' })
      throw new Error('of the work itself')
    })
    await assert.rejects(failing)
    assert.equal(await outbox.publishOwed(), 0)
  })

  test('what the board did not take is owed, and paid in order', async () => {
    const failing = outboxOver(away)
    for (const subject of ['b', 'c', 'd']) {
      await assert.rejects(failing.publish(await record(failing, subject)), {
        ...{ code: 'not_in_force', message: /recorded, not yet in force/ },
      })
    }
    await assert.rejects(failing.publishOwed(), { code: 'store_unavailable' })
    const outbox = outboxOver()
    assert.equal(await outbox.publishOwed(), 3)
    assert.deepEqual(
      applied.map((one) => one.id),
      ['b', 'c', 'd'],
    )
  })

  test('one change that cannot be read does not hold up those behind it', async () => {
    const outbox = outboxOver(({ id }) => (id === 'bad' ? new Fault('store_garbage') : undefined))
    for (const subject of ['bad', 'e', 'f']) await record(outbox, subject)
    await assert.rejects(outbox.publishOwed(), { code: 'store_garbage' })
    assert.deepEqual(
      applied.map((one) => one.id),
      ['e', 'f'],
    )
    assert.equal(await outboxOver().publishOwed(), 1)
  })

  test('what is just being published is left to whoever does', async () => {
    const outbox = outboxOver()
    await record(outbox, 'g')
    assert.equal(await outbox.publishOverdue(), 0)
    await record(outbox, 'h')
    assert.equal(await outbox.publishOverdue(), 1)
    assert.deepEqual(
      applied.map((one) => one.id),
      ['g'],
    )
    assert.equal(await outbox.publishOverdue(), 1)
  })

  test('a change that is in hand for long is not put twice by the same process', async () => {
    const outbox = outboxOver()
    await record(outbox, 'i')
    const id = await record(outbox, 'j')
    assert.equal(await outbox.publishOverdue(), 0)
    const publishing = outbox.publish(id)
    assert.equal(await outbox.publishOverdue(), 1)
    await publishing
    assert.deepEqual(applied.map((one) => one.id).sort(), ['i', 'j'])
    assert.equal(await outbox.publishOverdue(), 0)
  })

  test('a change that is gone is a fault', async () => {
    await assert.rejects(outboxOver().publish(999_999), { code: 'not_in_force' })
  })
})
