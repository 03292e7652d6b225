import { setTimeout as pause } from 'node:timers/promises'
import { drive } from './drive.ts'
import { asking, on } from './hit.ts'
import { warm } from './measure.ts'
import { openSeeder } from './seed.ts'
import type { World } from './world.ts'

/** Few, so that none of their tokens is signed again while it is measured. */
const SESSIONS = 200
const MIB = 2 ** 20

/**
 * Bytes that one session hit allocates on the heap, from what the engine's collector says: what
 * there is before each collection, less what the one before had left.
 */
export async function measureAllocated(world: World, seconds: number): Promise<number> {
  const seeder = await openSeeder(world)
  const sessions = await seeder.sessions(SESSIONS)
  await seeder.close()
  const node = ['--trace-gc', '--max-semi-space-size=2']
  const settings = { DVARA_JWT_TTL_S: '3600' }
  const server = await world.startAuthorizer('authorizer, traced', settings, { node })
  try {
    const contender = on(server, 'allocated', asking(sessions))
    await warm(contender)
    const before = server.server.logs().length
    const workload = contender.workload(seconds)
    const { requests } = await drive({ port: server.port, workload, seconds, connections: 64 })
    await pause(100)
    return allocatedOf(server.server.logs().slice(before)) / requests
  } finally {
    await server.stop()
  }
}

/** Bytes allocated between the collections of a `--trace-gc` log, and its part at either end. */
export function allocatedOf(log: string): number {
  const collections = [...log.matchAll(/ms: [\w- ()]+? ([\d.]+) \([\d.]+\) -> ([\d.]+) \(/g)]
  let bytes = 0
  for (let at = 1; at < collections.length; at++) {
    const left = Number(collections[at - 1]?.[2])
    bytes += Math.max(0, Number(collections[at]?.[1]) - left) * MIB
  }
  // What went before the first collection and came after the last is about one part more.
  return collections.length < 2
    ? Number.NaN
    : (bytes * collections.length) / (collections.length - 1)
}
