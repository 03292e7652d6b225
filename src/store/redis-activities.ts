import { ACTIVITIES_QUEUED_MAX, type ActivityQueue } from './activities.ts'
import type { Link } from './redis-link.ts'
import { latin, list } from './redis-reply.ts'

const STREAM = '{dv}a'
/** In one script: a longer batch would hold Redis up for everybody else. */
const APPEND_MAX = 500

/** The queue as a stream in Redis; it needs no seal, for it says nothing about what is true. */
export function createRedisActivities(link: Link): ActivityQueue {
  return {
    async append(records) {
      for (let at = 0; at < records.length; at += APPEND_MAX) {
        const part = records.slice(at, at + APPEND_MAX)
        await link.run('queue', STREAM, ACTIVITIES_QUEUED_MAX, ...part)
      }
    },
    async peek(max) {
      const entries = list(await link.call('XRANGE', STREAM, '-', '+', 'COUNT', max))
      return entries.map((entry) => {
        const [id, fields] = list(entry)
        const record = list(fields)[1]
        return { id: latin(id), record: Buffer.isBuffer(record) ? record : new Uint8Array(0) }
      })
    },
    async remove(ids) {
      if (ids.length > 0) await link.call('XDEL', STREAM, ...ids)
    },
  }
}
