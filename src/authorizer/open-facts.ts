import { createFlights, type Flights } from '../cache/flight.ts'
import { nameOf } from '../cache/ring.ts'
import { Fault } from '../core/fault.ts'
import type { Facts } from '../core/principal.ts'
import { sha256Base64url } from '../crypto/digest.ts'
import type { Loaded } from '../store/sessions.ts'
import type { AuthorizerStores } from '../store/stores.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Follower } from './follow.ts'
import { createEntry, type Entry } from './grants.ts'
import { type Memory, namesOf } from './memory.ts'

interface Parts {
  readonly stores: Pick<AuthorizerStores, 'facts'>
  readonly memory: Pick<Memory, 'table' | 'ring'>
  readonly follower: Pick<Follower, 'epoch' | 'beat' | 'isLoading'>
  readonly metrics: Pick<Metrics, 'countLoad'>
  readonly nowMs: () => number
}

/** Loads of facts: what an invalidation has overtaken is neither believed nor remembered. */
export function openFactFlights(parts: Parts): Flights<Entry | undefined> {
  const { stores, memory, follower, metrics, nowMs } = parts
  return createFlights<Loaded<Facts>, Entry | undefined>({
    async load(id) {
      const read = await stores.facts.load(sha256Base64url(id)).catch((fault: unknown) => {
        const isOverflow = fault instanceof Fault && fault.code === 'load_overflow'
        metrics.countLoad('sessions', isOverflow ? 'overflow' : 'fault')
        throw fault
      })
      if (read.epoch !== follower.epoch()) await follower.beat()
      return read
    },
    land(id, { epoch, seq, found }) {
      const names = found === undefined ? [nameOf('session', sha256Base64url(id))] : namesOf(found)
      const isBelieved = follower.isLoading() && epoch === follower.epoch()
      if (!isBelieved || !memory.ring.admits(seq, names)) {
        metrics.countLoad('sessions', 'overtaken')
        return undefined
      }
      metrics.countLoad('sessions', found === undefined ? 'missing' : 'found')
      if (found === undefined) return { value: undefined }
      const entry = createEntry(found, nowMs())
      memory.table.remember(id, entry)
      return { value: entry }
    },
  })
}
