import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { User } from '../../src/store/users.ts'
import { activity } from '../store/activity.ts'
import { openWorld, PASSWORD, type Running, type World } from './world.ts'

let world: World
let api: Running
let root: User
before(async () => {
  world = await openWorld()
  api = await world.start()
  root = await world.addUser({ role: 'superadmin' })
})
after(async () => {
  await api?.close()
  await world?.close()
})

type Row = Record<string, unknown>
const own = async (user: User, topic: string, query = '') =>
  api.sendAs(user, 'GET', `/resource/users/activity/${topic}${query}`)
const search = async (list: string, query: string) =>
  (await api.sendAs(root, 'GET', `/admin/${list}?${query}`)).body as Row[]

describe('what one did oneself', () => {
  test('logins, good and bad, and logouts are there, newest first', async () => {
    const user = await world.addUser()
    const wrong = { email: user.email, password: 'wrong horse battery' }
    await api.send('POST', '/identity/sessions', wrong, { 'user-agent': 'Lynx' })
    world.nowMs += 1000
    const { id } = await api.logIn(user)
    world.nowMs += 1000
    const cookie = `${api.parts.settings.cookieName}=${id}`
    await api.send('DELETE', '/identity/sessions', undefined, { cookie })
    const { status, body, headers } = await own(user, 'session')
    const rows = body as Row[]
    assert.equal(status, 200)
    assert.deepEqual(
      rows.map(({ action, result, reason }) => [action, result, reason]),
      [
        ['logout', 'succeed', ''],
        ['login', 'succeed', ''],
        ['login', 'failed', 'identity.session.invalid_params'],
      ],
    )
    assert.deepEqual([rows[2]?.user_agent, rows[2]?.user_ip], ['Lynx', '127.0.0.1'])
    assert.match(rows[0]?.created_at as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.deepEqual([headers.total, headers.page, headers['per-page']], ['3', '1', '100'])
    const failed = await own(user, 'all', '?result=failed&limit=1')
    assert.equal((failed.body as Row[]).length, 1)
    assert.doesNotMatch(JSON.stringify(body), new RegExp(`wrong horse|${PASSWORD}|${id}`))
  })

  test('nothing yet, a topic that is none, and a time before all of it are refused', async () => {
    const user = await world.addUser()
    assert.deepEqual((await own(user, 'all')).errors, ['resource.user.no_activity'])
    assert.deepEqual((await own(user, 'admin')).errors, ['resource.user.wrong_topic'])
    await api.logIn(user)
    assert.equal((await own(user, 'all')).status, 200)
    assert.deepEqual((await own(user, 'all', '?time_to=1')).errors, ['resource.user.no_activity'])
    assert.equal((await own(user, 'all', '?time_from=1')).status, 200)
  })

  test('a changed password is written down, without either password', async () => {
    const user = await world.addUser()
    const { hash } = await api.logIn(user)
    const params = { old_password: PASSWORD, new_password: PASSWORD, confirm_password: PASSWORD }
    await api.sendAs(user, 'PUT', '/resource/users/password', params, hash)
    const rows = (await own(user, 'password')).body as Row[]
    assert.deepEqual(
      rows.map(({ action, result, reason }) => [action, result, reason]),
      [['password change', 'failed', 'resource.password.no_change_provided']],
    )
  })

  test('one sees nobody else’s', async () => {
    const [one, other] = [await world.addUser(), await world.addUser()]
    await api.logIn(one)
    assert.deepEqual((await own(other, 'all')).errors, ['resource.user.no_activity'])
  })
})

describe('what administrators see', () => {
  test('user activities by e-mail, with who it was', async () => {
    const user = await world.addUser()
    await api.logIn(user)
    const rows = await search('activities', `email=${encodeURIComponent(user.email)}`)
    assert.deepEqual(
      rows.map((row) => [row.action, row.user]),
      [['login', { uid: user.uid, email: user.email, role: 'member' }]],
    )
  })

  test('an address that is nobody’s leaves a row of nobody, as long to write', async () => {
    const params = { email: 'nobody-at-all@example.com', password: PASSWORD }
    await api.send('POST', '/identity/sessions', params)
    const rows = await search('activities', 'result=failed&limit=1')
    assert.deepEqual(rows[0]?.user, { uid: '', email: null, role: null })
  })

  test('audited changes with target, path and decision', async () => {
    const one = activity({ uid: root.uid, targetUid: 'ID77', decisionId: 'd1', topic: 'users' })
    await world.stores.activities.record(one)
    const rows = await search('activities/admin', 'target_uid=ID77')
    assert.deepEqual(
      rows.map(({ admin, target_uid, method, path, decision_id }) => {
        return { uid: (admin as Row).uid, target_uid, method, path, decision_id }
      }),
      [
        {
          ...{ uid: root.uid, target_uid: 'ID77', method: 'PUT', path: '/api/v2/admin/users' },
          decision_id: 'd1',
        },
      ],
    )
  })

  test('only a superadmin sees what administrators did, and a member sees none of it', async () => {
    const admin = await world.addUser({ role: 'admin' })
    const member = await world.addUser()
    const status = async (user: User, path: string) =>
      (await api.sendAs(user, 'GET', `/admin/${path}`)).status
    assert.equal(await status(admin, 'activities'), 200)
    assert.equal(await status(admin, 'activities/admin'), 401)
    assert.equal(await status(member, 'activities'), 401)
  })

  test('nonsense is refused with the parameter’s name', async () => {
    const { status, errors } = await api.sendAs(root, 'GET', '/admin/activities?result=maybe')
    assert.deepEqual([status, errors], [422, ['admin.activity.invalid_result']])
  })
})
