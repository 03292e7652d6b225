import { once } from 'node:events'
import { createServer } from 'node:net'
import type { ConfigFor } from '../config/settings.ts'
import { EngineError } from '../gateway/engine.ts'

type Place = ConfigFor<'dev'>['listen']

/**
 * Rejects with an EngineError, in a line that says what to do, if one of these can surely not be
 * listened on. Asked before a start that takes seconds; who listens then finds out for itself.
 */
export async function assertFree(places: readonly Place[]): Promise<void> {
  for (const place of places) {
    if (place.kind !== 'tcp' || place.port === 0) continue
    const { host, port } = place
    const server = createServer().listen({ host, port, exclusive: true })
    try {
      await once(server, 'listening')
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      const about =
        code === 'EADDRINUSE'
          ? 'the port is taken: stop the other process, or choose another port'
          : `${code}: choose an address of this machine, and a port that is open to you`
      throw new EngineError(`Cannot listen on ${host}:${port}: ${about}.`, { cause })
    }
    server.close()
    await once(server, 'close')
  }
}
