import type { Loaded } from '../config/load.ts'
import type { ProcessName } from '../config/setting.ts'
import type { OwnArguments } from '../config/sources.ts'

/** One word after `dvara`. */
export interface Command<P extends ProcessName = ProcessName> {
  readonly process: P
  /** One line for `dvara --help`. */
  readonly about: string
  /** What it takes beside settings, in words for its own --help. */
  readonly usage: string
  readonly own: OwnArguments
  /** Resolves to the exit code once all is done; throws what `sayProblem` can word. */
  run(loaded: Loaded<P>): Promise<number>
}

/** Keeps the type of `process` and `run` together. */
export function command<const P extends ProcessName>(given: Command<P>): Command<P> {
  return given
}

/** Errors whose message tells an operator what to do; anything else is a bug with a stack. */
const FOR_OPERATORS = new Set([
  'DirectoryError',
  'EngineError',
  'EnvelopeError',
  'Fault',
  'KeyringError',
  'MigrationError',
  'PolicyError',
  'SeedError',
  'WorkerFailed',
])

/** One line for the operator, or the stack of a bug. */
export function sayProblem(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem)
  const { code, address, port } = problem as NodeJS.ErrnoException & {
    address?: string
    port?: number
  }
  if (code === 'EADDRINUSE') {
    const place = port === undefined ? address : `${address}:${port}`
    return `${place} is in use: stop who listens there, or choose another address`
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return problem.message
  if (!FOR_OPERATORS.has(problem.name)) return problem.stack ?? problem.message
  const cause = problem.cause instanceof Error ? ` (${problem.cause.message})` : ''
  return problem.message + cause
}
