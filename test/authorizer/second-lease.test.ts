import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { createSecondLease, type SecondLease } from '../../src/authorizer/second-lease.ts'
import { createLease, type Lease } from '../../src/cache/lease.ts'
import { createRing } from '../../src/cache/ring.ts'
import { Fault } from '../../src/core/fault.ts'
import type { CommittedChange } from '../../src/store/second-leases.ts'

const LEASE_MS = 1000
let now: number
let lease: Lease
let second: SecondLease
let said: string[]
let forgotten: string[]
let changes: CommittedChange[]
let isStruckOff: boolean
/** Runs while a question is on its way. */
let meanwhile: () => void | Promise<void>
const faults: unknown[] = []

beforeEach(() => {
  now = 0
  lease = createLease(LEASE_MS)
  ;[said, forgotten, changes, isStruckOff, meanwhile] = [[], [], [], false, () => undefined]
  const nothing = () => undefined
  second = createSecondLease({
    worker: 'w',
    source: {
      enter: async (name) => void said.push(`enter ${name}`),
      async ask(name, appliedSeq) {
        said.push(`ask ${name} ${appliedSeq}`)
        await meanwhile()
        return isStruckOff ? undefined : [...changes]
      },
      leave: async (name) => void said.push(`leave ${name}`),
    },
    lease,
    remembered: {
      facts: { forgetTagged: (tag) => forgotten.push(tag), forgetAll: nothing },
      ring: createRing(),
      policyChanged: nothing,
      restrictionsChanged: nothing,
      keyringChanged: nothing,
    },
    clock: {
      monotonicMs: () => now,
      nowMs: () => now,
      setTimer(delayMs, call) {
        const timer = setTimeout(call, delayMs)
        return () => clearTimeout(timer)
      },
    },
    appliedSeq: () => 7,
    onFault: (fault) => faults.push(fault),
  })
})

const change = (id: number, subject: string) => ({ id, scope: 'session', subject }) as const

test('a name is on the list before it asks, and belief counts from the question', async () => {
  meanwhile = () => {
    now += 300
  }
  assert.equal(second.isOn(), false)
  await second.beat(100)
  assert.deepEqual(said, ['enter w.1', 'ask w.1 7'])
  assert.equal(second.isOn(), true)
  assert.equal(lease.remainingMs(now), LEASE_MS - 300)
})

test('what is told is forgotten once in a turn, and again in the next', async () => {
  changes = [change(1, 'a')]
  await second.beat(100)
  changes.push(change(2, 'b'))
  await second.beat(100)
  assert.deepEqual(forgotten, ['session:a', 'session:b'])
  await second.end()
  assert.equal(second.isOn(), false)
  await second.beat(100)
  assert.deepEqual(forgotten.slice(2), ['session:a', 'session:b'])
  assert.deepEqual(said.slice(3), ['leave w.1', 'enter w.2', 'ask w.2 7'])
})

test('who was struck off believes nothing, and enters under another name', async () => {
  isStruckOff = true
  await second.beat(100)
  assert.equal(lease.isLive(now), false)
  isStruckOff = false
  await second.beat(100)
  assert.equal(lease.isLive(now), true)
  assert.deepEqual(said, ['enter w.1', 'ask w.1 7', 'enter w.2', 'ask w.2 7'])
})

test('an answer that comes after the end of its turn is not believed', async () => {
  changes = [change(1, 'a')]
  meanwhile = () => second.end()
  await second.beat(100)
  assert.equal(lease.isLive(now), false)
  assert.deepEqual(forgotten, [])
})

test('an answer that is late is not waited for, and a failure is no belief', async () => {
  let answer = (): void => undefined
  meanwhile = () => new Promise<void>((resolve) => (answer = resolve))
  await second.beat(1)
  assert.equal(lease.isLive(now), false)
  answer()
  meanwhile = () => {
    throw new Fault('store_unavailable')
  }
  await second.beat(100)
  await second.beat(100)
  assert.equal(faults.length, 1)
})
