import { count, flag, list, network, path, rate } from './parsers.ts'
import { setting } from './setting.ts'

const DECIDING = ['dev', 'authorizer'] as const

export const limiting = {
  ratePerAddress: setting({
    about:
      'What one client address (IPv4) or /64 (IPv6) may draw, in points, before its credentials ' +
      'are no longer looked at. See docs/limits.md for what costs points.',
    parse: rate,
    fallback: Object.freeze({ count: 500, windowMs: 1000, burst: 5000 }),
    for: DECIDING,
  }),
  rateRequestCost: setting({
    about:
      'Points that every request draws from its address, except on public and blocked paths. ' +
      'With 0 only wrong credentials count.',
    parse: count({ min: 0, max: 1000 }),
    fallback: 0,
    for: DECIDING,
  }),
  rateFailureCost: setting({
    about: 'Points that a credential draws from its address when it was found wrong.',
    parse: count({ min: 0, max: 1000 }),
    fallback: 10,
    for: DECIDING,
  }),
  ratePerPrincipal: setting({
    about: 'Requests of one principal, by all sessions and API keys together, once proven.',
    parse: rate,
    fallback: 'off',
    for: DECIDING,
  }),
  ratePerKey: setting({
    about: 'Requests of one API key, once proven, where the key has no rate of its own.',
    parse: rate,
    fallback: 'off',
    for: DECIDING,
  }),
  rateExempt: setting({
    about: 'Client addresses without a limit per address.',
    parse: list(network),
    fallback: Object.freeze(['127.0.0.0/8', '::1/128']),
    for: DECIDING,
  }),
  rateShared: setting({
    about:
      'All authorizers over one Redis draw from the same limits, instead of each worker counting ' +
      'for itself. See docs/limits.md for how exact that is.',
    parse: flag,
    fallback: false,
    for: DECIDING,
  }),
  rateBucketsMax: setting({
    about: 'Addresses, and principals, keys and classes, that a worker counts for; 40 bytes each.',
    parse: count({ min: 1024, max: 16_777_216 }),
    fallback: 65_536,
    for: DECIDING,
  }),
}

export const shadowing = {
  shadowPolicyFile: setting({
    about:
      'A policy file with `permissions` beside its routes, tried on live traffic without ' +
      'deciding anything: differences are counted and shown at /shadow (docs/policy-tools.md).',
    parse: path,
    for: DECIDING,
  }),
  shadowEvery: setting({
    about: 'One decision in so many is also put to the shadow policy.',
    parse: count({ min: 1, max: 1_000_000 }),
    fallback: 1,
    for: DECIDING,
  }),
}
