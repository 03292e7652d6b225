import { Fault } from '../core/fault.ts'

/** The fault for an SQLSTATE, or for the driver's own code. */
export function sqlFault(failure: {
  readonly code: string
  readonly constraint: string | undefined
  readonly server: string
  readonly cause: Error
}): Fault {
  const { code, constraint, server } = failure
  // The drivers' errors carry the statement, its values and the row: only their words go on,
  // and not even those where the words quote a value (class 22, data exceptions).
  const cause = new Error(code.startsWith('22') ? code : failure.cause.message)
  if (code === '23505') return new Fault('store_conflict', { about: constraint ?? server, cause })
  if (code === '57014') return new Fault('store_timeout', { about: server, cause })
  // It answered, and would not have it: asking again would end alike.
  if (/^(?:0A|22|23|42)...$/.test(code)) {
    const about = `${server} rejected a statement: ${code}`
    return new Fault('store_rejected', { about, cause })
  }
  return new Fault('store_unavailable', { about: server, cause })
}
