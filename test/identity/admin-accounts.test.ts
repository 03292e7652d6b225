import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { User } from '../../src/store/users.ts'
import { addUserWithApp } from './codes.ts'
import { openWorld, type Running, type World } from './world.ts'

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

interface AccountBody {
  uid: string
  email: string
  role: string
  level: number
  state: string
  owner_uid: string | null
}

const PATH = '/admin/service_accounts'
const KEYS = '/resource/service_accounts/api_keys'

async function addAccount(owner: User): Promise<AccountBody> {
  const params = { owner_uid: owner.uid, role: 'member' }
  const { status, body } = await api.sendAs(root, 'POST', PATH, params)
  assert.equal(status, 201, JSON.stringify(body))
  return body as AccountBody
}

test('a service account takes address, level and state of its owner', async () => {
  const { user } = await addUserWithApp(world, api)
  const account = await addAccount(user)
  assert.match(account.uid, /^SI[0-9A-F]{10}$/)
  const at = user.email.split('@')
  assert.equal(account.email, `${at[0]}+${account.uid.toLowerCase()}@${at[1]}`)
  assert.deepEqual([account.level, account.state, account.owner_uid], [1, 'active', user.uid])
  const own = await api.sendAs(user, 'GET', '/resource/service_accounts')
  assert.deepEqual([own.headers.total, (own.body as AccountBody[])[0]?.uid], ['1', account.uid])
  const found = await api.sendAs(root, 'GET', `${PATH}?owner_uid=${user.uid}`)
  assert.equal((found.body as AccountBody[])[0]?.uid, account.uid)
  const none = await api.sendAs(await world.addUser(), 'GET', '/resource/service_accounts')
  assert.deepEqual(none.body, [])
})

test('what a service account may not be is said', async () => {
  const { user } = await addUserWithApp(world, api)
  const account = await addAccount(user)
  const create = async (params: object) => {
    const { status, errors } = await api.sendAs(root, 'POST', PATH, params)
    return [status, ...(errors ?? [])]
  }
  const role = 'member'
  assert.deepEqual(await create({ role }), [422, 'admin.service_account.missing_email'])
  const unowned = { role, owner_uid: 'ID0000000001' }
  assert.deepEqual(await create(unowned), [404, 'admin.service_account.owner_doesnt_exist'])
  assert.deepEqual(await create({ role: 'nobody', email: 'a@b.org' }), [422, 'role.doesnt_exist'])
  assert.deepEqual(await create({ role, email: 'none' }), [422, 'email.invalid'])
  assert.deepEqual(await create({ role, email: account.email }), [422, 'email.taken'])
  const unknown = { uid: 'SI0000000000', level: 2 }
  const { status, errors } = await api.sendAs(root, 'PUT', PATH, unknown)
  assert.deepEqual([status, errors], [404, ['admin.service_account.doesnt_exist']])
})

test('its owner makes, lists, changes and removes its keys, with the own code', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const { uid } = await addAccount(user)
  const account = { service_account_uid: uid }
  const made = await api.sendAs(user, 'POST', KEYS, {
    ...{ ...account, algorithm: 'HS256', totp_code: app.next(), scope: '/a' },
  })
  const { kid, secret } = made.body as { kid: string; secret: string }
  assert.deepEqual([made.status, secret.length], [201, 32])
  assert.equal((await world.stores.apiKeys.find(uid, kid))?.key.state, 'active')
  const listed = await api.sendAs(user, 'GET', `${KEYS}?service_account_uid=${uid}`)
  assert.equal((listed.body as { kid: string }[])[0]?.kid, kid)
  const seen = await api.sendAs(root, 'GET', `/admin/api_keys?uid=${uid}`)
  assert.equal((seen.body as { kid: string }[])[0]?.kid, kid)
  const change = { ...account, state: 'disabled', totp_code: app.next() }
  const changed = await api.sendAs(user, 'PUT', `${KEYS}/${kid}`, change)
  const { state, scope } = changed.body as { state: string; scope: string[] }
  assert.deepEqual([state, scope], ['disabled', ['/a']])
  const removal = { ...account, totp_code: app.next() }
  assert.equal((await api.sendAs(user, 'DELETE', `${KEYS}/${kid}`, removal)).status, 204)
  assert.equal(await world.stores.apiKeys.find(uid, kid), undefined)
})

test('another’s service account is as good as none, and a code is asked for', async () => {
  const owner = await addUserWithApp(world, api)
  const { uid } = await addAccount(owner.user)
  const stranger = await addUserWithApp(world, api)
  const account = { service_account_uid: uid, algorithm: 'HS256' }
  const none = ['resource.service_account.doesnt_exist']
  const calls = [
    ['GET', `${KEYS}?service_account_uid=${uid}`, undefined],
    ['POST', KEYS, { ...account, totp_code: stranger.app.code() }],
    ['PUT', `${KEYS}/x`, { ...account, totp_code: stranger.app.code() }],
    ['DELETE', `${KEYS}/x`, { ...account, totp_code: stranger.app.code() }],
  ] as const
  for (const [method, path, body] of calls) {
    const { status, errors } = await api.sendAs(stranger.user, method, path, body)
    assert.deepEqual([status, errors], [404, none], method)
  }
  const refusedAs = async (more: object) =>
    (await api.sendAs(owner.user, 'POST', KEYS, { ...account, ...more })).errors
  assert.deepEqual(await refusedAs({}), ['resource.service_accounts.missing_totp'])
  const used = { totp_code: owner.app.code() }
  assert.deepEqual(await refusedAs(used), ['resource.service_accounts.invalid_totp'])
  await world.stores.users.change(owner.user.uid, { otp: false })
  assert.deepEqual(await refusedAs(used), ['resource.service_accounts.2fa_disabled'])
})

test('disabling it, or taking its owner’s second factor away, ends its keys', async () => {
  for (const isOwner of [true, false]) {
    const { user, app } = await addUserWithApp(world, api)
    const { uid } = await addAccount(user)
    const params = { service_account_uid: uid, algorithm: 'HS256', totp_code: app.next() }
    const { kid } = (await api.sendAs(user, 'POST', KEYS, params)).body as { kid: string }
    const ended = isOwner
      ? await api.sendAs(root, 'PUT', '/admin/users', { uid: user.uid, otp: false })
      : await api.sendAs(root, 'DELETE', PATH, { uid })
    assert.equal(ended.status, 200)
    assert.equal((await world.stores.apiKeys.find(uid, kid))?.key.state, 'inactive')
    if (isOwner) assert.equal(await world.stores.secondFactors.find(user.uid), undefined)
  }
})

test('an administrator reads anybody’s keys and hears of nobody', async () => {
  const { user } = await addUserWithApp(world, api)
  const list = async (query: string) => {
    const { status, errors } = await api.sendAs(root, 'GET', `/admin/api_keys${query}`)
    return [status, ...(errors ?? [])]
  }
  assert.deepEqual(await list(`?uid=${user.uid}`), [200])
  assert.deepEqual(await list('?uid=ID0000000001'), [404, 'admin.user.doesnt_exist'])
  assert.deepEqual(await list(''), [422, 'admin.api_key.missing_uid'])
  const wrong = `?uid=${user.uid}&ordering=up`
  assert.deepEqual(await list(wrong), [422, 'admin.api_key.invalid_ordering'])
  const field = `?uid=${user.uid}&order_by=material`
  assert.deepEqual(await list(field), [422, 'admin.api_key.invalid_attribute'])
})
