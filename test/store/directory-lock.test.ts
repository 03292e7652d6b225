import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockDirectory } from '../../src/store/directory-lock.ts'
import { createFolder, removeFolder } from '../process/servers.ts'

test('a second taker hears whose it is, and may have it once it is free', async () => {
  const folder = await createFolder('lock')
  const first = await lockDirectory(folder)
  await assert.rejects(lockDirectory(folder), {
    name: 'DirectoryError',
    message: new RegExp(`^data directory ${folder} is in use by process ${process.pid}: `),
  })
  await first.release()
  const second = await lockDirectory(folder)
  // Releasing twice must not take it from its new owner.
  await first.release()
  await assert.rejects(lockDirectory(folder), { name: 'DirectoryError' })
  await second.release()
  assert.deepEqual(await readdir(folder), [])
  await removeFolder(folder)
})

test('the lock of a living process is respected, and taken over when it is dead', async () => {
  const folder = await createFolder('lock')
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(child, 'spawn')
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  await writeFile(join(folder, 'lock'), `${child.pid} ${start} 00\n`)
  await assert.rejects(lockDirectory(folder), new RegExp(`in use by process ${child.pid}`))
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockDirectory(folder)).release()
  await removeFolder(folder)
})

const STALE = [
  { name: 'whose number was given to another process', text: `${process.pid} 1 00\n` },
  { name: 'that is empty', text: '' },
  { name: 'that cannot be read', text: 'what is this\n' },
]
for (const { name, text } of STALE) {
  test(`a lock ${name} is taken over by exactly one of many`, async () => {
    const folder = await createFolder('lock')
    await writeFile(join(folder, 'lock'), text)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => lockDirectory(folder)),
    )
    const locks = outcomes.filter((one) => one.status === 'fulfilled')
    assert.equal(locks.length, 1)
    await locks[0]?.value.release()
    assert.deepEqual(await readdir(folder), [])
    await removeFolder(folder)
  })
}

test('a lock whose remover died before it removed it is taken over all the same', async () => {
  const folder = await createFolder('lock')
  const dead = `${process.pid} 1 00\n`
  const name = createHash('sha256').update(dead).digest('hex').slice(0, 16)
  await writeFile(join(folder, 'lock'), dead)
  await writeFile(join(folder, `lock.${name}`), `${process.pid} 1 01\n`)
  await (await lockDirectory(folder)).release()
  assert.deepEqual(await readdir(folder), [])
  await removeFolder(folder)
})
