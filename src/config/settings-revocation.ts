import { count, durationMs, oneOf } from './parsers.ts'
import { setting } from './setting.ts'

const SERVING = ['dev', 'authorizer', 'identity'] as const

export const revocation = {
  revocationProfile: setting({
    about:
      'Strict: an authorizer cut off from Redis refuses everything after 2 s, and a logout waits ' +
      'for that; availability: after 30 s. The same everywhere.',
    parse: oneOf(['strict', 'availability']),
    fallback: 'strict',
    for: [...SERVING, 'members', 'keys'],
  }),
  leaseMs: setting({
    about:
      'How long a worker that hears nothing believes what it remembers. Default: the profile’s.',
    parse: durationMs({ min: 200, max: 60_000 }),
    for: [...SERVING, 'members', 'keys'],
  }),
  fenceMs: setting({
    about: 'The min-replicas-max-lag of Redis; 0 without automatic failover.',
    parse: durationMs({ min: 0, max: 60_000 }),
    fallback: 0,
    for: ['identity', 'keys'],
  }),
  heartbeatMs: setting({
    about: 'How often the log is confirmed; at most half of the lease.',
    parse: durationMs({ min: 20, max: 10_000 }),
    fallback: 250,
    for: SERVING,
  }),
  selfAuditEvery: setting({
    about: 'One allow in so many is compared with Redis after the answer; 0 means none.',
    parse: count({ min: 0, max: 1_000_000_000 }),
    fallback: 100_000,
    for: ['dev', 'authorizer'],
  }),
}
