import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startLoad, until } from './load.ts'
import { type SignedIn, type Stack, startStack } from './stack.ts'

/** The staleness bound in force here, and room for a busy machine to notice that it has passed. */
const LEASE_MS = 1000
const NOTICE_MS = 500

let stack: Stack
let admin: SignedIn

before(async () => {
  stack = await startStack({ settings: { DVARA_LEASE_MS: String(LEASE_MS) } })
  admin = await stack.signIn()
})
after(() => stack?.stop())

async function adminHeaders(uri: string, method: string): Promise<{ authorization: string }> {
  const headers = { 'X-CSRF-Token': admin.csrfToken }
  const { authorization, reason } = await stack.ask({ cookie: admin.cookie, uri, method, headers })
  assert.notEqual(authorization, '', reason)
  return { authorization }
}

test('logout is in force everywhere when it is acknowledged', async () => {
  const member = await stack.addMember('logout')
  assert.equal((await stack.ask(member)).status, 200)
  const { status } = await stack.call('DELETE', '/api/v2/identity/sessions', member)
  assert.equal(status, 200)
  const said = await stack.ask(member)
  assert.deepEqual([said.status, said.reason], [401, 'authz.invalid_session'])
})

test('a ban is in force when it is acknowledged', async () => {
  const member = await stack.addMember('banned')
  assert.equal((await stack.ask(member)).status, 200)
  const uri = '/api/v2/admin/users'
  const body = { uid: member.uid, state: 'banned' }
  const headers = await adminHeaders(uri, 'PUT')
  assert.equal((await stack.call('PUT', uri, { body, headers })).status, 200)
  await until('the ban is in force', async () => (await stack.ask(member)).status === 401, LEASE_MS)
})

test('a changed role counts from the next check on', async () => {
  const member = await stack.addMember('promoted')
  const uri = '/api/v2/admin/users'
  assert.equal((await stack.ask({ ...member, uri })).reason, 'authz.invalid_permission')
  const body = { uid: member.uid, role: 'admin' }
  const path = '/api/v2/admin/users/role'
  const headers = await adminHeaders(path, 'POST')
  const { status, body: text } = await stack.call('POST', path, { body, headers })
  assert.ok(status === 200 || status === 201, text)
  const again = await stack.signIn(member.email, 'Correct-Horse7-Battery')
  await until('the role counts', async () => {
    return (await stack.ask({ cookie: again.cookie, uri })).status === 200
  })
})

test('a permission row is in force soon after it was written', async () => {
  const member = await stack.addMember('granted')
  const uri = '/brand-new'
  assert.equal((await stack.ask({ ...member, uri })).reason, 'authz.invalid_permission')
  const path = '/api/v2/admin/permissions'
  const body = { role: 'member', verb: 'get', path: uri, action: 'accept' }
  const headers = await adminHeaders(path, 'POST')
  const created = await stack.call('POST', path, { body, headers })
  assert.equal(created.status, 201, created.body)
  await until('the row counts', async () => (await stack.ask({ ...member, uri })).status === 200)
})

test('without Postgres authorizers go on, and signing in says that it cannot', async () => {
  const member = await stack.addMember('steady')
  const load = startLoad(() => stack.ask(member), 8, 5)
  await load.more(50)
  stack.postgres.kill('SIGKILL')
  await stack.postgres.ended()
  await load.more(200)
  const body = { email: member.email, password: 'Correct-Horse7-Battery' }
  const refused = await stack.call('POST', '/api/v2/identity/sessions', { body })
  assert.deepEqual([refused.status, refused.body], [503, '{"errors":["server.unavailable"]}'])
  await stack.postgres.restart()
  await until('signing in works again', async () => {
    return (await stack.call('POST', '/api/v2/identity/sessions', { body })).status === 200
  })
  const outcomes = await load.stop()
  assert.ok(outcomes.every(({ said }) => said?.status === 200))
})

test('Postgres is restarted under those who write to it: nobody else ends with it', async () => {
  const member = await stack.addMember('patient')
  const path = '/api/v2/admin/service_accounts'
  const headers = await adminHeaders(path, 'POST')
  let accountsCount = 0
  async function write(): Promise<number> {
    const body = { email: `robot${accountsCount++}@app.example`, role: 'member' }
    return (await stack.call('POST', path, { body, headers })).status
  }
  for (let time = 0; time < 3; time++) {
    const load = startLoad(() => stack.ask(member), 2, 5)
    const statuses = new Set<number>()
    let isOver = false
    const callers = Array.from({ length: 8 }, async () => {
      while (!isOver) statuses.add(await write())
    })
    await load.more(20)
    // What `systemctl restart` does: each connection is told, and ended, whatever it is at.
    stack.postgres.kill('SIGINT')
    await stack.postgres.ended()
    await load.more(20)
    await stack.postgres.restart()
    await until('accounts are made again', async () => (await write()) === 201)
    isOver = true
    await Promise.all(callers)
    const outcomes = await load.stop()
    assert.ok(outcomes.every(({ said }) => said?.status === 200))
    assert.deepEqual([...statuses].sort(), [201, 503])
  }
})

test('without Redis what is remembered lasts as long as the lease, then is refused', async () => {
  const member = await stack.addMember('cut-off')
  const ended = await stack.addMember('ended')
  assert.equal((await stack.ask(ended)).status, 200)
  assert.equal((await stack.call('DELETE', '/api/v2/identity/sessions', ended)).status, 200)

  const load = startLoad(() => stack.ask(member), 8, 5)
  await load.more(50)
  const killedAtMs = Date.now()
  stack.redis.kill('SIGKILL')
  await until('refused', () => load.outcomes.at(-1)?.said?.status === 403)
  await load.more(100)
  await stack.redis.restart()
  await until('served again', () => load.outcomes.at(-1)?.said?.status === 200)
  await load.more(50)
  const outcomes = await load.stop()
  for (const { atMs, said, error } of outcomes) {
    assert.equal(error, undefined)
    if (said?.status === 200) continue
    assert.deepEqual([said?.status, said?.reason], [403, 'authz.unavailable'])
    assert.ok(atMs > killedAtMs)
  }
  const refusals = outcomes.filter(({ said }) => said?.status === 403)
  const firstMs = (refusals[0]?.atMs ?? 0) - killedAtMs
  assert.ok(firstMs <= LEASE_MS + NOTICE_MS, `first refused after ${firstMs} ms`)
  // Redis came back empty: what had been ended stays ended, though its record was only there.
  assert.equal((await stack.ask(ended)).reason, 'authz.invalid_session')
})

test('kill -9 of both stores: nothing that was ended is allowed, and all recovers', async () => {
  const member = await stack.addMember('survivor')
  const ended = await stack.addMember('gone')
  await stack.call('DELETE', '/api/v2/identity/sessions', ended)
  stack.redis.kill('SIGKILL')
  stack.postgres.kill('SIGKILL')
  await Promise.all([stack.redis.ended(), stack.postgres.ended()])
  assert.notEqual((await stack.ask(ended)).status, 200)
  await Promise.all([stack.redis.restart(), stack.postgres.restart()])
  await until('served again', async () => (await stack.ask(member)).status === 200)
  assert.equal((await stack.ask(ended)).reason, 'authz.invalid_session')
})
