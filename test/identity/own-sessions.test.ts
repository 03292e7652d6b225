import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
before(async () => {
  world = await openWorld()
  api = await world.start()
})
after(async () => {
  await api?.close()
  await world?.close()
})

interface Row {
  id: string
  current: boolean
  user_agent: string
  address: string
}

test('sessions are listed newest first, the current one flagged, none usable', async () => {
  const user = await world.addUser()
  const old = await api.logIn(user, { 'user-agent': 'Old', 'x-forwarded-for': '192.0.2.1' })
  world.nowMs += 1_000
  const current = await api.logIn(user, { 'user-agent': 'New', 'x-forwarded-for': '2001:db8::1' })
  const { body } = await api.sendAs(user, 'GET', '/resource/sessions', undefined, current.hash)
  const rows = body as Row[]
  const seen = rows.map(({ id, current: isCurrent, user_agent: agent }) => [id, isCurrent, agent])
  assert.deepEqual(seen, [
    [current.hash, true, 'New'],
    [old.hash, false, 'Old'],
  ])
  assert.doesNotMatch(JSON.stringify(body), new RegExp(`${current.id}|${current.csrfToken}`))
})

test('one’s own session can be ended, once', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  assert.equal((await api.sendAs(user, 'DELETE', `/resource/sessions/${hash}`)).status, 200)
  assert.equal(await world.stores.sessions.find(hash), undefined)
  const again = await api.sendAs(user, 'DELETE', `/resource/sessions/${hash}`)
  assert.deepEqual([again.status, again.errors], [404, ['resource.session.not_found']])
})

test('another’s session is as good as none, even for a superadmin', async () => {
  const { hash } = await api.logIn(await world.addUser())
  for (const role of ['member', 'superadmin']) {
    const other = await world.addUser({ role })
    const reply = await api.sendAs(other, 'DELETE', `/resource/sessions/${hash}`)
    assert.deepEqual([reply.status, reply.errors], [404, ['resource.session.not_found']])
  }
  assert.notEqual(await world.stores.sessions.find(hash), undefined)
})

test('an id that is no hash is refused before the store is asked', async () => {
  const user = await world.addUser()
  for (const id of ['__proto__', '*', 'x'.repeat(44)]) {
    const { errors } = await api.sendAs(user, 'DELETE', `/resource/sessions/${id}`)
    assert.deepEqual(errors, ['resource.session.invalid_id'])
  }
})

test('all but the current session can be ended at once', async () => {
  const user = await world.addUser()
  const [one, two, current] = [await api.logIn(user), await api.logIn(user), await api.logIn(user)]
  const reply = await api.sendAs(user, 'DELETE', '/resource/sessions', undefined, current.hash)
  assert.deepEqual(reply.body, { ended: 2 })
  assert.equal(await world.stores.sessions.find(one.hash), undefined)
  assert.equal(await world.stores.sessions.find(two.hash), undefined)
  assert.notEqual(await world.stores.sessions.find(current.hash), undefined)
})

test('a token that names another’s session ends nobody’s', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  const stranger = await api.logIn(await world.addUser())
  const reply = await api.sendAs(user, 'DELETE', '/resource/sessions', undefined, stranger.hash)
  assert.equal(reply.status, 401)
  assert.notEqual(await world.stores.sessions.find(hash), undefined)
  assert.notEqual(await world.stores.sessions.find(stranger.hash), undefined)
})
