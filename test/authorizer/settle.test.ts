import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLimits } from '../../src/authorizer/limits.ts'
import { createSettling, type Settling } from '../../src/authorizer/settle.ts'
import { compileLimit, TOKEN } from '../../src/core/bucket.ts'
import { Fault } from '../../src/core/fault.ts'
import { compileNetworks } from '../../src/core/network.ts'
import { chunkOf } from '../../src/core/shared-buckets.ts'
import type { Rates } from '../../src/store/rates.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { createTwinRates } from '../../src/store/twin-rates.ts'
import { addressOf, checkOf, factsOf, policyOf } from '../core/facts.ts'
import { eventually, unique, WORLDS, type World } from '../store/worlds.ts'

const HUNDRED = { count: 1, windowMs: 3_600_000, burst: 100 }
const CHUNK = chunkOf(compileLimit(HUNDRED)) / TOKEN
const none = compileNetworks([])
assert.ok(none.kind === 'compiled')
const exempt = none.networks

async function openWorker(rates: Rates, hashKey: [number, number]) {
  const outcomes: string[] = []
  const faults: unknown[] = []
  const settling: Settling = createSettling({
    ...{ rates, clock: systemClock },
    onOutcome: (outcome) => outcomes.push(outcome),
    onFault: (fault) => faults.push(fault),
  })
  const limits = createLimits({
    ...{ perAddress: HUNDRED, requestCost: 1, failureCost: 10, perPrincipal: HUNDRED },
    ...{ perKey: 'off', exempt, bucketsMax: 1024, hashKey, settling, onLimited: () => undefined },
    monotonicMs: systemClock.monotonicMs,
  })
  await settling.start()
  return { ...{ limits, settling, outcomes, faults } }
}

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`two authorizers over one ${name}`, () => {
    let world: World
    before(async () => {
      world = await open()
    })
    after(() => world.close())

    test('let through one limit together, and a chunk at most', async () => {
      const { rates } = world.authorizer
      const workers = [await openWorker(rates, [1, 1]), await openWorker(rates, [2, 2])]
      const { principal } = factsOf({ principal: { uid: unique('ID') } })
      const asks: readonly (() => boolean)[] = workers.flatMap(({ limits }) => [
        () => limits.admitAddress(addressOf('198.51.100.7')) === undefined,
        () => limits.admitProven(checkOf(), policyOf(), principal, undefined) === undefined,
      ])
      const passed = [0, 0]
      for (let round = 0; round < 60; round++) {
        for (const [at, ask] of asks.entries()) {
          for (let n = 0; n < 20; n++) if (ask()) passed[at % 2] = (passed[at % 2] as number) + 1
        }
        await new Promise((resolve) => setImmediate(resolve))
        if (round % 5 === 4) await Promise.all(workers.map(({ settling }) => settling.settle()))
      }
      for (const count of passed) {
        assert.ok(count >= 100, `${count} of the burst`)
        assert.ok(count <= 100 + CHUNK, `${count} is more than a chunk beyond`)
      }
      for (const { settling, faults } of workers) {
        await settling.drain()
        assert.deepEqual(faults, [])
      }
    })
  })
}

test('while Redis is away a worker counts alone, and is never open', async () => {
  const twin = createTwinRates(Date.now)
  const state = { isAway: false }
  const rates: Rates = {
    async settle(key, draws) {
      if (state.isAway) throw new Fault('store_unavailable')
      return twin.settle(key, draws)
    },
  }
  const { limits, settling, outcomes } = await openWorker(rates, [1, 1])
  assert.deepEqual(outcomes, ['settled', 'settled'])
  state.isAway = true
  const ask = () => limits.admitAddress(addressOf('198.51.100.7')) === undefined
  assert.equal(ask(), true)
  await settling.settle()
  assert.equal(outcomes.at(-1), 'fault')
  let passed = 1
  while (ask()) passed++
  assert.equal(passed, 100)
  state.isAway = false
  await eventually(() => assert.equal(outcomes.at(-1), 'settled'))
  const other = await openWorker(rates, [2, 2])
  other.limits.admitAddress(addressOf('198.51.100.7'))
  await other.settling.settle()
  assert.notEqual(other.limits.admitAddress(addressOf('198.51.100.7')), undefined, 'it was told')
  assert.equal(other.outcomes[0], 'renamed', 'names are the same for both')
  await Promise.all([settling.drain(), other.settling.drain()])
})
