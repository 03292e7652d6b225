import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLease } from '../../src/cache/lease.ts'

test('a lease never granted is not live', () => {
  const lease = createLease(2000)
  assert.ok(!lease.isLive(0))
  assert.equal(lease.remainingMs(0), 0)
})

test('a lease is live until leaseMs after the question was sent, and not at that instant', () => {
  const lease = createLease(2000)
  lease.grant(1000)
  assert.ok(lease.isLive(2999))
  assert.ok(!lease.isLive(3000))
  assert.equal(lease.remainingMs(2500), 500)
  assert.equal(lease.remainingMs(9000), 0)
})

test('an answer that came late never shortens a lease', () => {
  const lease = createLease(2000)
  lease.grant(1000)
  lease.grant(500)
  assert.ok(lease.isLive(2999))
})

test('a dropped lease is over at once', () => {
  const lease = createLease(2000)
  lease.grant(1000)
  lease.drop()
  assert.ok(!lease.isLive(1000))
})
