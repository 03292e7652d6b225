import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPeers, type Peered } from '../../src/gateway/peers.ts'

/** A connection that counts how often it was asked. */
function connection(...bytes: number[]): Peered & { asked: number } {
  return {
    asked: 0,
    getRemoteAddress() {
      this.asked++
      return Uint8Array.from(bytes).buffer
    },
  }
}

test('while all connections are from one address, none is asked again', () => {
  const peers = createPeers()
  const [one, other] = [connection(10, 0, 0, 1), connection(10, 0, 0, 1)]
  peers.opened(one)
  peers.opened(other)
  assert.equal(peers.of(one)?.text, '10.0.0.1')
  assert.equal(peers.of(other)?.text, '10.0.0.1')
  assert.deepEqual([one.asked, other.asked], [1, 1])
})

test('from the second address on each is asked for itself', () => {
  const peers = createPeers()
  const [one, other] = [connection(10, 0, 0, 1), connection(10, 0, 0, 2)]
  peers.opened(one)
  peers.opened(other)
  peers.opened(one)
  assert.equal(peers.of(one)?.text, '10.0.0.1')
  assert.equal(peers.of(other)?.text, '10.0.0.2')
})

test('one that has gone already makes nobody believe the others', () => {
  for (const order of [
    [connection(), connection(10, 0, 0, 1)],
    [connection(10, 0, 0, 1), connection()],
  ]) {
    const peers = createPeers()
    for (const one of order) peers.opened(one)
    for (const one of order) {
      assert.equal(peers.of(one)?.text, one.getRemoteAddress().byteLength ? '10.0.0.1' : undefined)
    }
  }
})

test('when none is open any more, the next may be another alone', () => {
  const peers = createPeers()
  peers.opened(connection(10, 0, 0, 1))
  peers.opened(connection(10, 0, 0, 2))
  peers.allClosed()
  const next = connection(10, 0, 0, 3)
  peers.opened(next)
  peers.of(next)
  assert.equal(peers.of(next)?.text, '10.0.0.3')
  assert.equal(next.asked, 1)
})

test('addresses of both families are read, and the same one is one object', () => {
  const peers = createPeers()
  peers.opened(connection(10, 0, 0, 1))
  peers.opened(connection(...new Uint8Array(15), 1))
  assert.equal(peers.of(connection(...new Uint8Array(15), 1))?.text, '::1')
  assert.equal(peers.of(connection(10, 0, 0, 1)), peers.of(connection(10, 0, 0, 1)))
})
