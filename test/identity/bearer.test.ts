import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sidOf } from '../../src/crypto/digest.ts'
import { isRoleAdmitted, loadActor } from '../../src/identity/bearer.ts'
import type { User } from '../../src/store/users.ts'
import { openWorld, type World } from './world.ts'

let world: World
let user: User
before(async () => {
  world = await openWorld()
  user = await world.addUser()
})
after(() => world?.close())

const load = (authorization: string | undefined) => loadActor(world.deps(), authorization, 'user')

test('a good token gives the user of the store and the session’s hash', async () => {
  const running = await world.start()
  const { hash } = await running.logIn(user)
  const token = await world.token(user.uid, { sid: sidOf(hash), role: 'admin' })
  const actor = await load(`Bearer ${token}`)
  assert.ok('user' in actor)
  assert.deepEqual([actor.user.uid, actor.user.role, actor.sessionHash], [user.uid, 'member', hash])

  await world.stores.sessions.end(hash)
  const refused = await load(`Bearer ${token}`)
  assert.ok('kind' in refused)
  assert.deepEqual([refused.status, refused.codes], [401, ['jwt.decode_and_verify']])
  await running.close()
})

test('a session of somebody else lends nothing to a token', async () => {
  const running = await world.start()
  const { hash } = await running.logIn(await world.addUser())
  const refused = await load(`Bearer ${await world.token(user.uid, { sid: sidOf(hash) })}`)
  assert.ok('kind' in refused)
  await running.close()
})

const SPELLINGS = [
  { name: 'no scheme', spell: (token: string) => token },
  { name: 'another case', spell: (token: string) => `bearer ${token}` },
  { name: 'two spaces', spell: (token: string) => `Bearer  ${token}` },
  { name: 'a trailing space', spell: (token: string) => `Bearer ${token} ` },
  { name: 'two tokens', spell: (token: string) => `Bearer ${token}, Bearer ${token}` },
  { name: 'a padded signature', spell: (token: string) => `Bearer ${token}=` },
  { name: 'a cut signature', spell: (token: string) => `Bearer ${token.slice(0, -4)}` },
]
for (const { name, spell } of SPELLINGS) {
  test(`no one calls with ${name}`, async () => {
    const refused = await load(spell(await world.token(user.uid)))
    assert.ok('kind' in refused)
    assert.deepEqual([refused.status, refused.codes], [401, ['jwt.decode_and_verify']])
  })
}

const CLAIMS = [
  { name: 'of another purpose', claims: { sub: 'confirmation' } },
  { name: 'for another audience', claims: { aud: ['peatio'] } },
  { name: 'of another issuer', claims: { iss: 'evil' } },
  { name: 'that is over', claims: { iat: 1, exp: 2 } },
  { name: 'without a uid', claims: { uid: undefined } },
  { name: 'whose uid is no text', claims: { uid: 7 } },
]
for (const { name, claims } of CLAIMS) {
  test(`no one calls with a token ${name}`, async () => {
    const refused = await load(`Bearer ${await world.token(user.uid, claims)}`)
    assert.ok('kind' in refused)
    assert.deepEqual([refused.status, refused.codes], [401, ['jwt.decode_and_verify']])
  })
}

test('a token whose user is gone is a record not found', async () => {
  const refused = await load(`Bearer ${await world.token('ID0000000009')}`)
  assert.ok('kind' in refused)
  assert.deepEqual([refused.status, refused.codes], [404, ['record.not_found']])
})

test('keys that cannot be known just now are a matter of time', async () => {
  const verifier = { verify: async () => ({ ok: false, problem: 'keys_unavailable' }) as const }
  const deps = world.deps({}, { verifier })
  const refused = await loadActor(deps, `Bearer ${await world.token(user.uid)}`, 'user')
  assert.ok('kind' in refused)
  assert.equal(refused.status, 503)
})

test('roles are admitted by name, not by order', () => {
  assert.equal(isRoleAdmitted('user', 'anything'), true)
  assert.equal(isRoleAdmitted('admin', 'superadmin'), true)
  assert.equal(isRoleAdmitted('superadmin', 'admin'), false)
  assert.equal(isRoleAdmitted('admin', 'ADMIN'), false)
  assert.equal(isRoleAdmitted('admin', 'constructor'), false)
})
