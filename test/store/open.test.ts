import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAuthorizerStores, openIdentityStores } from '../../src/store/open.ts'
import { findPort } from '../process/servers.ts'
import { sessionFor } from './worlds.ts'

test('with nothing there at all the stores open, tell once, and refuse every call', async () => {
  const port = await findPort()
  const faults: string[] = []
  const options = {
    redisUrl: `redis://127.0.0.1:${port}`,
    databaseUrl: `postgres://nobody@127.0.0.1:${port}/none`,
    connectTimeoutMs: 500,
    onFault: (fault: Error) => faults.push(fault.message),
  }
  const authorizer = await openAuthorizerStores(options)
  assert.deepEqual(faults, ['store_unavailable: Redis'])
  const identity = await openIdentityStores(options)
  const away = { code: 'store_unavailable' }
  const silent = { invalidated: () => undefined, interrupted: () => undefined }
  await assert.rejects(authorizer.facts.load('x'), away)
  await assert.rejects(authorizer.invalidations.subscribe(silent), away)
  await assert.rejects(authorizer.policies.loadPermissions(), away)
  await assert.rejects(identity.users.count(), away)
  await assert.rejects(identity.sessions.open(sessionFor('u'), 1), away)
  await assert.rejects(identity.keeper.seal(), away)
  await assert.rejects(identity.ping(), away)
  await Promise.all([authorizer.close(), identity.close()])
})
