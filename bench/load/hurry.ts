import { constants, setPriority } from 'node:os'

/**
 * Whatever else runs on the core must not make this process late: of what was measured of the
 * generator half was that. Only root may, mostly; what it was otherwise is told as `awayMs`.
 */
export function hurry(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST)
  } catch {
    // It is as it is.
  }
}
