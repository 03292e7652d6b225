import { Fault } from '../core/fault.ts'

/** One load per key at a time: whoever asks meanwhile waits for the same answer. */
export interface Flights<V> {
  fly(key: string): Promise<V>
  inFlight(): number
}

/** Beyond this many keys at once a miss is refused: the store is already drowning. */
const FLIGHTS_MAX = 10_000

/** How often a load that was overtaken is made again before we give up. */
export const ATTEMPTS_MAX = 4

export interface FlightOptions<R, V> {
  /** Asks the store; may throw a Fault. */
  readonly load: (key: string) => Promise<R>
  /** Believes and remembers what was read; undefined if it was overtaken by an invalidation. */
  readonly land: (key: string, read: R) => { readonly value: V } | undefined
  readonly flightsMax?: number
}

/** Rejects with a Fault: of the store, `load_overflow`, or `store_conflict` when ever overtaken. */
export function createFlights<R, V>(options: FlightOptions<R, V>): Flights<V> {
  const { load, land, flightsMax = FLIGHTS_MAX } = options
  const inFlight = new Map<string, Promise<V>>()

  async function attempt(key: string): Promise<V> {
    for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
      const landed = land(key, await load(key))
      if (landed !== undefined) return landed.value
    }
    throw new Fault('store_conflict', { about: 'overtaken by invalidations each time' })
  }

  return {
    fly(key) {
      const known = inFlight.get(key)
      if (known !== undefined) return known
      if (inFlight.size >= flightsMax) return Promise.reject(new Fault('load_overflow'))
      const flight = attempt(key).finally(() => inFlight.delete(key))
      inFlight.set(key, flight)
      return flight
    },
    inFlight: () => inFlight.size,
  }
}
