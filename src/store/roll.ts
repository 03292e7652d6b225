import type { Census } from './members.ts'
import { openRedisLink, type RedisOptions } from './redis-link.ts'
import { readCensus } from './redis-reply.ts'

/** The members' list for those who are not on it: operators, and supervisors of workers. */
export interface Roll {
  /** Throws a Fault: `store_unsealed` where nobody has filled Redis since it started. */
  census(): Promise<Census>
  /** Takes off a worker that believes nothing any more: only for one whose process has ended. */
  leave(worker: string): Promise<void>
  close(): void
}

/** Resolves once the first attempt to connect has ended, good or not. */
export async function openRoll(options: RedisOptions): Promise<Roll> {
  const link = openRedisLink(options)
  await link.opened
  return {
    census: async () => readCensus(await link.run('census')),
    async leave(worker) {
      await link.run('leave', worker)
    },
    close: () => link.close(),
  }
}
