import { Fault } from '../core/fault.ts'

/** The driver's error carries the command with all its arguments: only its words go on. */
export function redisFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const message = error instanceof Error ? error.message : String(error)
  const cause = new Error(message)
  if (message.startsWith('UNSEALED')) return new Fault('store_unsealed', { about: 'Redis', cause })
  if (message.startsWith('CONFLICT')) return new Fault('store_conflict', { about: 'sealed', cause })
  if (/timed out/i.test(message)) return new Fault('store_timeout', { about: 'Redis', cause })
  if (/^NOPERM|ACL failure/.test(message)) {
    const about = 'the user in Redis lacks a right: docs/operations.md lists them'
    return new Fault('store_rejected', { about, cause })
  }
  return new Fault('store_unavailable', { about: 'Redis', cause })
}
