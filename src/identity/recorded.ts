import { Fault } from '../core/fault.ts'

/** Whether a change is committed and will come into force by itself, only not yet everywhere. */
export function isRecordedOnly(problem: unknown): problem is Fault {
  return problem instanceof Fault && problem.code === 'not_in_force'
}

/**
 * Makes a change, then what must follow from it. What follows is done even if the change is so far
 * only recorded: a new password without the end of the old sessions would be half a change.
 */
export async function changeThen<T>(
  change: () => Promise<T>,
  follow: () => Promise<unknown>,
): Promise<T> {
  let changed: T
  try {
    changed = await change()
  } catch (problem) {
    if (isRecordedOnly(problem)) await follow()
    throw problem
  }
  await follow()
  return changed
}
