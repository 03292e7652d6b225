import { once } from 'node:events'
import { createServer } from 'node:net'
import type { ConfigFor } from '../config/settings.ts'
import { cannotListen } from '../gateway/engine.ts'

type Place = ConfigFor<'dev'>['listen']

/**
 * Rejects with an EngineError, in a line that says what to do, if one of these can surely not be
 * listened on. Asked before a start that takes seconds; who listens then finds out for itself.
 */
export async function assertFree(places: readonly Place[]): Promise<void> {
  for (const place of places) {
    if (place.kind !== 'tcp' || place.port === 0) continue
    const server = createServer().listen({ host: place.host, port: place.port, exclusive: true })
    try {
      await once(server, 'listening')
    } catch (cause) {
      throw cannotListen(place, (cause as NodeJS.ErrnoException).code)
    }
    server.close()
    await once(server, 'close')
  }
}
