import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBelief } from '../../src/authorizer/belief.ts'
import { createLease } from '../../src/cache/lease.ts'

function createScene() {
  const scene = {
    ...{ ms: 1000, wallMs: 5000, isStale: false, canBeat: true, canRefresh: true },
    late: (): void => undefined,
  }
  const lease = createLease(2000)
  const belief = createBelief({
    policies: {
      isStale: () => scene.isStale,
      async refresh() {
        if (scene.canRefresh) scene.isStale = false
        return scene.canRefresh
      },
    },
    lease,
    async beat() {
      if (scene.canBeat) lease.grant(scene.ms, scene.wallMs)
      return scene.canBeat
    },
    monotonicMs: () => scene.ms,
    nowMs: () => scene.wallMs,
    setTimer: (_delayMs, call) => {
      scene.late = call
      return () => undefined
    },
  })
  return { scene, lease, belief }
}

test('belief needs a lease and a policy that is not stale', async () => {
  const { scene, belief } = createScene()
  assert.equal(belief.isLive(), false)
  assert.equal(await belief.restore(), true)
  assert.equal(belief.isLive(), true)
  scene.isStale = true
  assert.equal(belief.isLive(), false)
  assert.equal(await belief.restore(), true)
  scene.ms += 2000
  scene.wallMs += 2000
  assert.equal(belief.isLive(), false)
})

for (const broken of ['canBeat', 'canRefresh'] as const) {
  test(`what could not be restored (${broken}) is hopeless for 50 ms`, async () => {
    const { scene, belief } = createScene()
    scene.isStale = true
    scene[broken] = false
    assert.equal(belief.isHopeless(), false)
    assert.equal(await belief.restore(), false)
    assert.equal(belief.isHopeless(), true)
    scene.ms += 50
    assert.equal(belief.isHopeless(), false)
    scene[broken] = true
    assert.equal(await belief.restore(), true)
  })
}

test('a machine that was frozen, its monotonic clock with it, believes nothing', async () => {
  const { scene, belief } = createScene()
  assert.equal(await belief.restore(), true)
  scene.wallMs += 5000
  assert.equal(belief.isLive(), false)
  assert.equal(await belief.restore(), true)
  assert.equal(belief.isLive(), true)
})
