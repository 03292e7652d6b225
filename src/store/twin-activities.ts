import { Fault } from '../core/fault.ts'
import { ACTIVITIES_QUEUED_MAX, type ActivityQueue, type Queued } from './activities.ts'

/** The queue inside this process. */
export function createTwinActivities(): ActivityQueue {
  const queued = new Map<string, Queued>()
  let last = 0
  return {
    async append(records) {
      if (queued.size + records.length > ACTIVITIES_QUEUED_MAX) {
        throw new Fault('store_unavailable', { about: 'too many activities wait already' })
      }
      for (const record of records) {
        last += 1
        queued.set(String(last), { id: String(last), record })
      }
    },
    async peek(max) {
      return [...queued.values()].slice(0, max)
    },
    async remove(ids) {
      for (const id of ids) queued.delete(id)
    },
  }
}
