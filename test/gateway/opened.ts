/** A server on a free port of loopback, with what it asked and said written down. */
import assert from 'node:assert/strict'
import type { Check, DialectName } from '../../src/core/check.ts'
import { compileNetworks, type NetworkSet } from '../../src/core/network.ts'
import type { Reason } from '../../src/core/reason.ts'
import { type Answer, deny } from '../../src/core/verdict.ts'
import { createDecisionIds } from '../../src/gateway/decision-id.ts'
import { type ListenAt, openEngine } from '../../src/gateway/engine.ts'
import { type GatewayEvent, REPORT_EVERY_US } from '../../src/gateway/event.ts'
import { createServer, type Server, type ServerDependencies } from '../../src/gateway/server.ts'
import { grantOf } from '../core/granted.ts'

export type EngineKind = 'uws' | 'node'
export const ENGINE_KINDS: readonly EngineKind[] = ['uws', 'node']

/** What the ids of a server of these tests begin with. */
export const RUN = 'tests'

export const TOLD = { authorization: 'Bearer aaa.bbb.ccc', user: 'ID42', role: 'member' } as const
export const GRANT = grantOf(TOLD)

export interface Opened {
  readonly port: number
  readonly server: Server
  readonly checks: Check[]
  readonly events: GatewayEvent[]
  readonly observed: { dialect: DialectName | 'none'; reason: Reason | 'allow' }[]
  /** What the next checks hear. */
  answer: (check: Check) => Answer | Promise<Answer>
}

export function networks(...cidrs: string[]): NetworkSet {
  const compiled = compileNetworks(cidrs)
  assert.ok(compiled.kind === 'compiled')
  return compiled.networks
}

export async function openServer(
  kind: EngineKind,
  overrides: Partial<ServerDependencies> = {},
  at: ListenAt = { host: '127.0.0.1', port: 0, mode: 'exclusive' },
): Promise<Opened> {
  const engine = await openEngine(kind, (message) => assert.fail(message))
  let readings = 0
  const opened: Opened = {
    port: 0,
    server: undefined as unknown as Server,
    checks: [],
    events: [],
    observed: [],
    answer: () => GRANT,
  }
  const server = createServer({
    engine,
    authorize(check) {
      opened.checks.push(check)
      return opened.answer(check)
    },
    trustedGateways: networks('127.0.0.0/8', '::1'),
    trustedProxies: networks('10.0.0.0/8'),
    jwks: () => ({ body: '{"keys":[]}', maxAgeS: 300 }),
    answerWithinMs: 150,
    ids: createDecisionIds({ run: RUN, key: new Uint32Array(4) }),
    observe(dialect, answer) {
      const reason = answer.kind === 'allow' ? 'allow' : answer.reason
      opened.observed.push({ dialect, reason })
    },
    report: (event) => opened.events.push(event),
    // Every reading is later than a ration, so that every event is reported.
    nowUs: () => {
      readings++
      return readings * REPORT_EVERY_US
    },
    ...overrides,
  })
  const { port } = await server.listen(at)
  return Object.assign(opened, { server, port })
}

export function refuse(reason: Reason): () => Answer {
  return () => deny(reason)
}
