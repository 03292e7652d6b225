import assert from 'node:assert/strict'
import { appendFile, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Activity } from '../../src/core/activity.ts'
import { createSpill, type Spill } from '../../src/store/spill.ts'
import { createFolder, removeFolder } from '../process/servers.ts'
import { activity } from './activity.ts'

describe('activities in files', () => {
  let directory: string
  let taken: Activity[]
  const take = async (batch: readonly Activity[]) => void taken.push(...batch)
  beforeEach(async () => {
    directory = await createFolder('spill')
    taken = []
  })
  afterEach(() => removeFolder(directory))

  function spill(owner: string, change: { pid?: number; bytesMax?: number; alive?: number } = {}) {
    const { pid = 100, bytesMax = 1e9, alive } = change
    const isAlive = (asked: number) => asked === alive
    return createSpill({ directory: join(directory, 'kept'), owner, pid, bytesMax, isAlive })
  }
  const names = () => readdir(join(directory, 'kept'))

  test('what was written is handed over in order, and its file is gone', async () => {
    const one = spill('a')
    const batch = [activity(), activity()]
    assert.equal(await one.write(batch), 0)
    assert.equal(one.isEmpty(), false)
    assert.equal(await one.replay(take), 2)
    assert.deepEqual([taken, one.isEmpty(), await names()], [batch, true, []])
  })

  test('only its owner may read a file', async () => {
    await spill('a').write([activity()])
    const [name] = await names()
    const { mode } = await stat(join(directory, 'kept', name as string))
    assert.equal(mode & 0o777, 0o600)
  })

  test('what is not taken stays', async () => {
    const one = spill('a')
    await one.write([activity()])
    await assert.rejects(
      one.replay(() => Promise.reject(new Error('away'))),
      /away/,
    )
    assert.equal(one.isEmpty(), false)
    assert.equal(await one.replay(take), 1)
  })

  test('files of the dead are adopted, those of the living are left', async () => {
    const dead = activity()
    const living = activity()
    const before = activity()
    await spill('dead', { pid: 7 }).write([dead])
    await spill('living', { pid: 8 }).write([living])
    await spill('before', { pid: 100 }).write([before])
    await spill('now', { alive: 8 }).replay(take)
    assert.deepEqual(new Set(taken), new Set([dead, before]))
    assert.equal((await names()).length, 1)
  })

  test('a line cut short by a crash costs itself only', async () => {
    const whole = activity()
    await spill('dead', { pid: 7 }).write([whole])
    const [name] = await names()
    const path = join(directory, 'kept', name as string)
    await appendFile(path, (await readFile(path, 'latin1')).slice(0, 40))
    assert.equal(await spill('now').replay(take), 1)
    assert.deepEqual(taken, [whole])
  })

  test('beyond its bytes nothing more is written, and it says how many were not', async () => {
    const one: Spill = spill('a', { bytesMax: 1000 })
    const dropped = await one.write(Array.from({ length: 20 }, () => activity()))
    assert.ok(dropped > 10 && dropped < 20, `${dropped} of 20`)
    assert.equal(await one.write([activity()]), 1)
    assert.equal(await one.replay(take), 20 - dropped)
    assert.equal(await one.write([activity()]), 0)
  })
})
