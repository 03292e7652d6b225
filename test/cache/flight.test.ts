import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ATTEMPTS_MAX, createFlights } from '../../src/cache/flight.ts'
import { Fault } from '../../src/core/fault.ts'

function deferred<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((yes) => {
    resolve = yes
  })
  return { promise, resolve }
}

test('whoever asks while a load is under way gets its answer', async () => {
  let loads = 0
  const gate = deferred<number>()
  const flights = createFlights<number, number>({
    load: () => {
      loads++
      return gate.promise
    },
    land: (_, value) => ({ value }),
  })
  const both = Promise.all([flights.fly('a'), flights.fly('a')])
  assert.equal(flights.inFlight(), 1)
  gate.resolve(7)
  assert.deepEqual(await both, [7, 7])
  assert.equal(loads, 1)
  assert.equal(flights.inFlight(), 0)
})

test('a load overtaken by an invalidation is made again, not believed', async () => {
  const reads = [1, 2, 3]
  const flights = createFlights<number, number>({
    load: async () => reads.shift() as number,
    land: (_, value) => (value < 3 ? undefined : { value }),
  })
  assert.equal(await flights.fly('a'), 3)
})

test('a load overtaken each time is given up', async () => {
  let loads = 0
  const flights = createFlights<number, number>({
    load: async () => ++loads,
    land: () => undefined,
  })
  await assert.rejects(flights.fly('a'), (error) => {
    return error instanceof Fault && error.code === 'store_conflict'
  })
  assert.equal(loads, ATTEMPTS_MAX)
})

test('a failed load fails all who wait, and the next one starts anew', async () => {
  let loads = 0
  const flights = createFlights<number, number>({
    load: async () => {
      if (++loads === 1) throw new Fault('store_timeout')
      return loads
    },
    land: (_, value) => ({ value }),
  })
  await assert.rejects(flights.fly('a'))
  assert.equal(await flights.fly('a'), 2)
})

test('beyond its bound a miss is refused at once', async () => {
  const gate = deferred<number>()
  const flights = createFlights<number, number>({
    load: () => gate.promise,
    land: (_, value) => ({ value }),
    flightsMax: 1,
  })
  const first = flights.fly('a')
  await assert.rejects(flights.fly('b'), (error) => {
    return error instanceof Fault && error.code === 'load_overflow'
  })
  gate.resolve(1)
  assert.equal(await first, 1)
})
