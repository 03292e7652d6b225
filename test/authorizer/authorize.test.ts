import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import type { Answer } from '../../src/core/verdict.ts'
import { checkOf, factsOf, NOW } from '../core/facts.ts'
import { createWorld, FORGED_ID, ID, said } from './world.ts'

const CHECK = checkOf({ cookies: `dvara_session=${ID}` })

test('a miss asks the store once; the hit after it is synchronous', async () => {
  const world = createWorld()
  const miss = world.authorize(CHECK)
  assert.ok(miss instanceof Promise)
  assert.equal(said(await miss), 'Bearer for dvara')
  const hit = world.authorize(CHECK)
  assert.ok(!(hit instanceof Promise))
  assert.equal(said(hit), 'Bearer for dvara')
  assert.equal(world.store.loads, 1)
  assert.deepEqual(world.recalls, [false, true])
  assert.equal(world.state.touches, 2)
})

test('the audience is that of the path', async () => {
  const world = createWorld()
  const check = checkOf({ cookies: CHECK.cookies, path: '/app/trade/x' })
  assert.equal(said(await world.authorize(check)), 'Bearer for trade')
})

test('an unknown session is refused', async () => {
  const world = createWorld()
  world.store.facts = undefined
  assert.equal(said(await world.authorize(CHECK)), 'authz.invalid_session')
})

test('what needs no identity is answered at once, without a lease and without the store', () => {
  const world = createWorld()
  world.lease.drop()
  assert.equal(said(world.authorize(checkOf({ path: '/public/x' })) as Answer), 'anyone')
  assert.equal(
    said(world.authorize(checkOf({ path: '/management' })) as Answer),
    'authz.permission_denied',
  )
  assert.equal(said(world.authorize(checkOf()) as Answer), 'authz.invalid_session')
  assert.equal(world.store.loads + world.state.beats, 0)
})

test('a forged cookie never reaches the store', () => {
  const world = createWorld()
  const answer = world.authorize(checkOf({ cookies: 'dvara_session=forged' }))
  assert.equal(said(answer as Answer), 'authz.invalid_session')
  assert.equal(world.store.loads, 0)
})

const FORGED = checkOf({ cookies: `dvara_session=${FORGED_ID}` })

test('a cookie that nobody sealed hears at once what an unknown session hears', () => {
  const world = createWorld()
  const answer = world.authorize(FORGED)
  assert.equal(said(answer as Answer), 'authz.invalid_session')
  const headers = { cookies: FORGED.cookies, method: 'POST', csrfToken: 'c' }
  assert.equal(said(world.authorize(checkOf(headers)) as Answer), 'authz.csrf_token_mismatch')
  const silent = checkOf({ cookies: FORGED.cookies, method: 'POST' })
  assert.equal(said(world.authorize(silent) as Answer), 'authz.missing_csrf_token')
  assert.equal(world.store.loads, 0)
  assert.equal(world.seals.forged, 2)
})

test('an unknown session hears the same in the same order', async () => {
  const world = createWorld()
  world.store.facts = undefined
  const headers = { cookies: CHECK.cookies, method: 'POST', csrfToken: 'c' }
  assert.equal(said(await world.authorize(checkOf(headers))), 'authz.csrf_token_mismatch')
})

test('without a lease a cookie that nobody sealed asks neither the log nor the store', () => {
  const world = createWorld()
  world.lease.drop()
  assert.equal(said(world.authorize(FORGED) as Answer), 'authz.invalid_session')
  assert.equal(world.store.loads + world.state.beats, 0)
  assert.equal(world.seals.forged, 1)
})

test('the seal is looked at where a store would be asked, not for what is known', async () => {
  const world = createWorld()
  await world.authorize(CHECK)
  assert.equal(world.seals.examined, 1)
  for (let count = 0; count < 3; count++) world.authorize(CHECK)
  assert.equal(world.seals.examined, 1)
  assert.equal(world.seals.forged, 0)
})

test('a store fault is a refusal with its own reason, and is reported', async () => {
  const world = createWorld()
  world.store.fault = new Fault('store_garbage')
  assert.equal(said(await world.authorize(CHECK)), 'authz.unavailable')
  assert.deepEqual(world.faults, [world.store.fault])
})

test('without a lease nothing remembered is believed until a heartbeat brings it', async () => {
  const world = createWorld()
  await world.authorize(CHECK)
  world.clock.monotonicMs += 2000
  const healed = world.authorize(CHECK)
  assert.ok(healed instanceof Promise)
  assert.equal(said(await healed), 'Bearer for dvara')
  assert.equal(world.state.beats, 1)

  world.clock.monotonicMs += 2000
  world.state.canBeat = false
  assert.equal(said(await world.authorize(CHECK)), 'authz.unavailable')
})

test('after a failed heartbeat refusals are immediate for a moment', async () => {
  const world = createWorld()
  world.lease.drop()
  world.state.canBeat = false
  await world.authorize(CHECK)
  assert.equal(said(world.authorize(CHECK) as Answer), 'authz.unavailable')
  assert.equal(world.state.beats, 1)
  world.clock.monotonicMs += 50
  assert.ok(world.authorize(CHECK) instanceof Promise)
})

test('a lease lost during a load refuses what was loaded', async () => {
  const world = createWorld()
  world.state.canBeat = false
  const answer = world.authorize(CHECK)
  world.lease.drop()
  assert.equal(said(await answer), 'authz.unavailable')
  assert.equal(world.store.loads, 1)
})

test('what was loaded while belief was lost is loaded anew once it is back', async () => {
  const world = createWorld()
  const answer = world.authorize(CHECK)
  world.lease.drop()
  world.table.forgetAll()
  world.store.facts = factsOf({ principal: { role: 'admin' } })
  assert.equal(said(await answer), 'Bearer for dvara')
  assert.equal(world.state.beats, 1)
})

test('rows known to have changed are compiled before anything is allowed by them', async () => {
  const world = createWorld()
  await world.authorize(CHECK)
  world.state.isStale = true
  assert.equal(said(await world.authorize(CHECK)), 'authz.unavailable')
})

test('an entry idle by our own reading is read anew: others may have used it', async () => {
  const world = createWorld()
  world.store.facts = factsOf({ idleAtMs: NOW + 5000 })
  await world.authorize(CHECK)
  world.clock.ms += 5000
  world.store.facts = factsOf({ idleAtMs: NOW + 9000 })
  assert.equal(said(await world.authorize(CHECK)), 'Bearer for dvara')
  assert.equal(world.store.loads, 2)
})

test('an idle session stays refused without asking the store for every request', async () => {
  const world = createWorld()
  world.store.facts = factsOf({ idleAtMs: NOW - 1 })
  assert.equal(said(await world.authorize(CHECK)), 'authz.client_session_mismatch')
  assert.equal(said(world.authorize(CHECK) as Answer), 'authz.client_session_mismatch')
  assert.equal(world.store.loads, 1)
  assert.equal(world.state.touches, 0)
})
