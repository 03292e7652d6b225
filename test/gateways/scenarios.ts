import { after, before, beforeEach, describe, test } from 'node:test'
import { requireBinary } from '../process/servers.ts'
import { ACCESS } from './access.ts'
import { FAILURES } from './failures.ts'
import type { Gateway } from './gateway.ts'
import { HOSTILE } from './hostile.ts'
import { RESTRICTED } from './restricted.ts'
import { type Stand, startStand } from './stand.ts'

/** A sentence about the whole arrangement, and how to see that it is true. */
export interface Scenario {
  readonly name: string
  run(stand: Stand): Promise<void>
}

/** Every gateway goes through the same scenarios; the last ones end the authorizer. */
const SCENARIOS: readonly Scenario[] = [...ACCESS, ...HOSTILE, ...RESTRICTED, ...FAILURES]

/** Registers the scenarios, and what else is true of this gateway alone, which runs first. */
export function testGateway(
  gateway: Gateway,
  own?: (stand: () => Stand) => void,
  scenarios: readonly Scenario[] = SCENARIOS,
): void {
  const binary = requireBinary(gateway.name)
  describe(`through a real ${gateway.name}, asking at ${gateway.address}`, {
    skip: binary.skip,
  }, () => {
    let stand: Stand
    before(async () => {
      stand = await startStand(gateway, binary.path)
    })
    beforeEach(() => stand.echo.clear())
    after(() => stand?.stop())

    own?.(() => stand)
    for (const { name, run } of scenarios) test(name, () => run(stand))
  })
}
