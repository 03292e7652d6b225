import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyDependencies } from '../../src/authorizer/api-keys.ts'
import { compileRules } from '../../src/core/rule.ts'
import { NOW, policyOf } from '../core/facts.ts'
import { createKeyWorld, KID, signedV2 } from './keys.ts'
import { createWorld, said } from './world.ts'

/** A request that changes something; `change` says what happens while the corridor waits. */
function createWaiting(
  change: (keys: ReturnType<typeof createKeyWorld>, scene: Scene) => Partial<KeyDependencies>,
) {
  const scene: Scene = {
    ...{ clock: { ms: NOW, monotonicMs: 5000 }, policy: policyOf() },
    coming: undefined,
  }
  const keys = createKeyWorld({ clock: scene.clock })
  const { authorize, faults } = createWorld({
    keys: { ...keys.dependencies, ...change(keys, scene) },
    policies: {
      current: () => scene.policy,
      isStale: () => scene.coming !== undefined,
      areRestrictionsStale: () => false,
      async refresh() {
        scene.policy = scene.coming ?? scene.policy
        scene.coming = undefined
        return true
      },
    },
    nowMs: () => scene.clock.ms,
    monotonicMs: () => scene.clock.monotonicMs,
  })
  const ask = async (method = 'POST') => said(await authorize(signedV2({ method })))
  return { ask, faults }
}

interface Scene {
  readonly clock: { ms: number; monotonicMs: number }
  policy: ReturnType<typeof policyOf>
  /** Known to be there, and not loaded yet. */
  coming: ReturnType<typeof policyOf> | undefined
}

const whileBurning = (meanwhile: (scene: Scene) => void) =>
  createWaiting((_, scene) => ({
    nonces: {
      async burn() {
        meanwhile(scene)
        return 'burned'
      },
    },
  }))

test('a rule that was changed while a nonce was used up counts as it is now', async () => {
  const { ask } = whileBurning((scene) => {
    scene.policy = policyOf({ rules: compileRules([]).rules })
  })
  assert.equal(await ask(), 'authz.invalid_permission')
})

test('a rule that is being loaded then is waited for, and counts as it is loaded', async () => {
  const become = (coming: Scene['policy']) =>
    whileBurning((scene) => {
      scene.coming = coming
    }).ask()
  assert.equal(await become(policyOf({ version: 9 })), 'Bearer for dvara')
  const closed = policyOf({ rules: compileRules([]).rules })
  assert.equal(await become(closed), 'authz.invalid_permission')
})

test('a lease that ran out while a nonce was used up refuses', async () => {
  const { ask } = whileBurning(({ clock }) => {
    clock.monotonicMs += 10_000
  })
  assert.equal(await ask(), 'authz.unavailable')
})

test('nothing else that happens meanwhile refuses', async () => {
  assert.equal(await whileBurning(() => {}).ask(), 'Bearer for dvara')
})

test('a lease that ran out while a key was loaded refuses what was loaded', async () => {
  const { ask } = createWaiting(({ dependencies }, { clock }) => ({
    flights: {
      ...dependencies.flights,
      fly(kid) {
        clock.monotonicMs += 10_000
        return dependencies.flights.fly(kid)
      },
    },
  }))
  assert.equal(await ask('GET'), 'authz.unavailable')
})

test('a key that was forgotten as soon as it was loaded is not believed', async () => {
  const { ask, faults } = createWaiting(({ dependencies, memory }) => ({
    flights: {
      ...dependencies.flights,
      async fly(kid) {
        const entry = await dependencies.flights.fly(kid)
        memory.known.forget(KID)
        return entry
      },
    },
  }))
  assert.equal(await ask(), 'authz.unavailable')
  assert.equal(faults.length, 1)
})
