import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startLoad, until } from './load.ts'
import { type Stack, startStack } from './stack.ts'

/** Patient beyond need: what is asked here is who may pass, not how fast a busy machine is. */
const SETTINGS = {
  DVARA_SECOND_LEASE: 'postgres',
  DVARA_WORKERS: '2',
  DVARA_DRAIN_MS: '1000',
  DVARA_LEASE_MS: '2000',
  DVARA_HEARTBEAT_MS: '250',
  // Where Redis is back rules are loaded anew: who asks meanwhile waits as long as that takes.
  DVARA_ANSWER_WITHIN_MS: '2000',
}
/** Several leases long. */
const OUTAGE_MS = Number(process.env.OUTAGE_MS ?? 7_000)
/** Within so long all authorizers ask Postgres again, however busy the machine. */
const TOLD_WITHIN_MS = 2_500

let stack: Stack
before(async () => {
  stack = await startStack({ settings: SETTINGS })
})
after(() => stack?.stop())

const logOut = async (cookie: string) =>
  (await stack.call('DELETE', '/api/v2/identity/sessions', { cookie })).status

test('while Redis is away what is known goes on, and what is ended ends', async () => {
  const member = await stack.addMember('warm')
  const leaving = await stack.addMember('leaving')
  const cold = await stack.addMember('cold')
  // Both workers know both of them.
  for (let asked = 0; asked < 60; asked++) {
    assert.equal((await stack.ask(member)).status, 200)
    assert.equal((await stack.ask(leaving)).status, 200)
  }
  const load = startLoad(() => stack.ask(member), 8, 5)
  await load.more(50)
  stack.redis.kill('SIGKILL')
  await stack.redis.ended()
  const awayAtMs = Date.now()
  await pause(OUTAGE_MS / 2)

  // Nothing that nobody remembers can be looked up.
  assert.equal((await stack.ask(cold)).status, 403)
  // Recorded, and not acknowledged: Redis may live on where the identity API does not see it.
  assert.equal(await logOut(leaving.cookie), 503)
  await pause(TOLD_WITHIN_MS)
  for (let asked = 0; asked < 40; asked++) {
    assert.notEqual((await stack.ask(leaving)).status, 200, 'every worker has heard of the logout')
  }
  await pause(Math.max(0, OUTAGE_MS - (Date.now() - awayAtMs)))
  await stack.redis.restart()
  await until('misses are looked up again', async () => (await stack.ask(cold)).status === 200)
  await until('no worker goes by Postgres', async () => {
    const metrics = await (await fetch(`${stack.opsUrl}/metrics`)).text()
    return /^dvara_second_leases 0$/m.test(metrics)
  })
  const outcomes = await load.stop()
  const refused = outcomes.filter(({ said }) => said?.status !== 200)
  const told = refused.map(({ atMs, said }) => `${said?.reason} after ${atMs - awayAtMs} ms`)
  const share = `${refused.length} of ${outcomes.length}: ${told.slice(0, 5)}`
  assert.ok(refused.length <= outcomes.length / 1000, `refused: ${share}`)
  assert.equal((await stack.ask(leaving)).reason, 'authz.invalid_session')
  // The list is empty again: the next logout is waited for as ever.
  await until('logouts are acknowledged again', async () => (await logOut(cold.cookie)) !== 503)
  assert.notEqual((await stack.ask(cold)).status, 200)
})

test('without both stores everything is refused when the lease is over', async () => {
  const member = await stack.addMember('hopeless')
  for (let asked = 0; asked < 30; asked++) assert.equal((await stack.ask(member)).status, 200)
  stack.postgres.kill('SIGKILL')
  stack.redis.kill('SIGKILL')
  await Promise.all([stack.redis.ended(), stack.postgres.ended()])
  await until('refused', async () => (await stack.ask(member)).status === 403)
  await pause(500)
  for (let asked = 0; asked < 20; asked++) assert.equal((await stack.ask(member)).status, 403)
  await Promise.all([stack.redis.restart(), stack.postgres.restart()])
  await until('served again', async () => (await stack.ask(member)).status === 200)
})
