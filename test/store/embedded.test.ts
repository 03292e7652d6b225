import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDirectory } from '../../src/store/directory.ts'
import { beginEmbeddedStores, openEmbeddedStores } from '../../src/store/embedded.ts'
import { copyDirectory } from '../process/embedded.ts'
import { removeFolder } from '../process/servers.ts'
import { migrationsDir, signIn } from './worlds.ts'

test('sessions survive a restart with their idle deadlines, ended ones do not', async () => {
  const directory = await copyDirectory()
  const first = await openEmbeddedStores({ directory, migrationsDir })
  const kept = await signIn(first.identity)
  const ended = await signIn(first.identity)
  const idleAtMs = kept.createdAtMs + 1_900_000
  await first.authorizer.facts.touch([{ hash: kept.hash, idleAtMs }])
  await first.identity.sessions.end(ended.hash)
  const { epoch } = await first.authorizer.invalidations.heartbeat('w', 0)
  const inUse = openEmbeddedStores({ directory, migrationsDir })
  await assert.rejects(inUse, new RegExp(`in use by process ${process.pid}`))
  await first.close()

  const second = await openEmbeddedStores({ directory, migrationsDir })
  const { found } = await second.authorizer.facts.load(kept.hash)
  assert.deepEqual(found?.session, kept)
  assert.equal(found?.idleAtMs, idleAtMs)
  assert.equal((await second.authorizer.facts.load(ended.hash)).found, undefined)
  assert.notEqual((await second.authorizer.invalidations.heartbeat('w', 0)).epoch, epoch)
  await second.close()
  await removeFolder(directory)
})

test('a damaged directory fails and is free again', async () => {
  const directory = await copyDirectory()
  await rm(join(directory, 'database', 'PG_VERSION'))
  for (let attempt = 1; attempt <= 2; attempt++) {
    const opening = openEmbeddedStores({ directory, migrationsDir })
    await assert.rejects(opening, { name: 'DirectoryError', message: /is damaged/ })
  }
  await removeFolder(directory)
})

test('begun before the database is open, they are ready when it is, and closed whole', async () => {
  const directory = await copyDirectory({ isBare: true })
  const steps: string[] = []
  const database = openDirectory(directory, {
    onCompiled: () => steps.push('compiled'),
    onBegun: () => steps.push('begun'),
  })
  const { stores, ready } = beginEmbeddedStores({ database, migrationsDir })
  await ready
  assert.deepEqual(steps.sort(), ['begun', 'compiled'])
  const { hash } = await signIn(stores.identity)
  assert.equal((await stores.authorizer.facts.load(hash)).found?.session.hash, hash)
  await stores.close()
  await (await openDirectory(directory)).close()
  await removeFolder(directory)
})

test('begun before a database that does not open, they say why and can be closed', async () => {
  const database = Promise.reject(new Error('it is damaged'))
  const { stores, ready } = beginEmbeddedStores({ database, migrationsDir })
  await assert.rejects(ready, /it is damaged/)
  await assert.rejects(stores.identity.ping(), /it is damaged/)
  await stores.close()
})
