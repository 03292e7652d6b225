import type { DialectName } from '../../src/core/check.ts'
import type { Asked } from '../../src/gateway/dialect.ts'
import { asked } from './asked.ts'

export type Line = readonly [name: string, value: string]
export interface Original {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly client: string
}

/** How each gateway would ask about the same original request. */
export const SPELLINGS: Record<DialectName, (original: Original, lines: readonly Line[]) => Asked> =
  {
    nginx: ({ method, target, host, client }, lines) => {
      const own: Line[] = [
        ['Host', host],
        ['X-Original-Method', method],
      ]
      own.push(['X-Original-URI', target], ['X-Real-IP', client])
      return asked(own, {}, lines)
    },
    traefik: forward,
    caddy: forward,
    haproxy: forward,
    envoy: ({ method, target, host, client }, lines) =>
      asked(
        [
          ['Host', host],
          ['X-Forwarded-For', client],
        ],
        { method, target },
        lines,
      ),
    // The Envoys that are wired to Barong append their own address.
    barong: ({ method, target, host, client }, lines) =>
      asked(
        [
          ['Host', host],
          ['X-Forwarded-For', `${client},10.0.0.1`],
        ],
        { method, target },
        lines,
      ),
  }

function forward({ method, target, host, client }: Original, lines: readonly Line[]): Asked {
  const own: Line[] = [
    ['Host', 'authorizer:9090'],
    ['X-Forwarded-Method', method],
  ]
  own.push(['X-Forwarded-Uri', target], ['X-Forwarded-Host', host], ['X-Forwarded-For', client])
  return asked(own, {}, lines)
}
