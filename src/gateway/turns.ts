import { setImmediate as nextTurn } from 'node:timers/promises'

/** Within so many turns of the event loop its poll phase is gone through whole. */
const TURNS_HEARD = 2
/** In a turn as short as this hardly anything came. */
const TURN_QUIET_US = 200
const TURNS_HEARD_MAX = 50

/**
 * Resolves right after a turn of the event loop in which little was heard, so that as good as
 * nothing waits to be: the system cuts off whom it let in and we did not.
 */
export async function hearAll(nowUs: () => number): Promise<void> {
  for (let turn = 0; turn < TURNS_HEARD_MAX; turn++) {
    const beganUs = nowUs()
    await nextTurn()
    const isQuiet = nowUs() - beganUs < TURN_QUIET_US
    if (isQuiet && turn + 1 >= TURNS_HEARD) return
  }
}
