import type { Clock } from '../core/clock.ts'
import type { IdentityStores } from '../store/stores.ts'
import type { Log } from '../telemetry/log.ts'

/** How often what is committed but not yet in force is tried again, and Redis looked after. */
const KEEP_EVERY_MS = 500
/** A store that is away may be back at any moment, and then everybody waits for this. */
const KEEP_AGAIN_MS = 100

/** Keeps Redis sealed, and what was recorded moving into force. */
export function keep(
  stores: Pick<IdentityStores, 'keeper' | 'activities' | 'acknowledger'>,
  clock: Pick<Clock, 'setTimer'>,
  log: Pick<Log, 'warn' | 'error'>,
) {
  let isClosed = false
  let stopTimer = (): void => undefined
  let round: Promise<void> = Promise.resolve()
  let isFailing = false

  async function look(): Promise<void> {
    // Needs Redis alone, and members must be looked after while Postgres is away.
    await stores.acknowledger.lookAround()
    try {
      if (await stores.keeper.seal()) log.warn('Redis was sealed anew and filled from Postgres')
      const count = await stores.keeper.reconcile()
      if (count > 0) log.warn({ count }, 'recorded changes were brought into force late')
      const { damaged } = await stores.activities.drain()
      if (damaged > 0) log.error({ damaged }, 'activities could not be read, and are lost')
      isFailing = false
    } catch (fault) {
      if (!isFailing) log.error({ err: fault }, 'the stores cannot be kept in step; trying again')
      isFailing = true
    }
  }

  function again(): void {
    stopTimer = clock.setTimer(isFailing ? KEEP_AGAIN_MS : KEEP_EVERY_MS, () => {
      round = look().finally(() => isClosed || again())
    })
  }
  round = look().finally(() => isClosed || again())

  return {
    async close() {
      isClosed = true
      stopTimer()
      await round
      await stores.keeper.copyIdle().catch(() => undefined)
      await stores.activities.drain().catch(() => undefined)
    },
  }
}
