import assert from 'node:assert/strict'
import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { withKeyLock } from '../../src/crypto/key-lock.ts'
import { createScratch } from './scratch.ts'

test('two writers take turns', async (t) => {
  const directory = await createScratch(t)
  const events: string[] = []
  const write = (name: string) =>
    withKeyLock({ directory }, async () => {
      events.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      events.push(`${name} ends`)
    })
  await Promise.all([write('one'), write('two')])
  const [first, second] = events[0] === 'one begins' ? ['one', 'two'] : ['two', 'one']
  assert.deepEqual(events, [
    `${first} begins`,
    `${first} ends`,
    `${second} begins`,
    `${second} ends`,
  ])
})

test('a lock that is held is waited for, then reported with its holder', async (t) => {
  const directory = await createScratch(t)
  await writeFile(join(directory, '.lock'), 'process 7\n')
  let isRun = false
  const locked = withKeyLock({ directory, waitMs: 30 }, async () => {
    isRun = true
  })
  await assert.rejects(locked, /process 7 is writing to the keyring; .* remove the file/)
  assert.equal(isRun, false)
  await access(join(directory, '.lock'))
})

test('the lock is given back after a failure', async (t) => {
  const directory = await createScratch(t)
  const failed = withKeyLock({ directory }, () => Promise.reject(new Error('broken')))
  await assert.rejects(failed, /broken/)
  assert.equal(await withKeyLock({ directory, waitMs: 0 }, async () => 'done'), 'done')
})
