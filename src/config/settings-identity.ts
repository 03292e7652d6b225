import {
  connectionUrl,
  cookieName,
  count,
  durationMs,
  durationS,
  flag,
  mailbox,
  oneOf,
  path,
  text,
} from './parsers.ts'
import { setting } from './setting.ts'

const IDENTITY = ['dev', 'identity'] as const
const DECIDING = ['dev', 'authorizer'] as const
const HASHING = ['dev', 'identity', 'administrator'] as const
const SERVING = ['dev', 'authorizer', 'identity'] as const

export const sessions = {
  cookieName: setting({
    about: 'Name of the session cookie, without the prefix that https adds.',
    parse: cookieName,
    fallback: 'dvara_session',
    for: SERVING,
  }),
  csrfProtection: setting({
    about: 'Ask for X-CSRF-Token on every method but GET, HEAD and OPTIONS.',
    parse: flag,
    fallback: true,
    for: [...DECIDING, 'policy'],
  }),
  sessionBinding: setting({
    about:
      'What a session is tied to: strict = browser and network (/16 of IPv4, /64 of IPv6), ' +
      'or only one of the two, or neither.',
    parse: oneOf(['strict', 'agent', 'network', 'off']),
    fallback: 'strict',
    for: DECIDING,
  }),
  sessionIdleS: setting({
    about: 'A session not used for so long is over.',
    parse: durationS({ min: 10, max: 2_592_000 }),
    fallback: 1800,
    for: SERVING,
  }),
  sessionLifetimeS: setting({
    about: 'A session is over so long after signing in, used or not.',
    parse: durationS({ min: 10, max: 31_536_000 }),
    fallback: 86_400,
    for: [...SERVING, 'keys'],
  }),
  sessionsMax: setting({
    about: 'Sessions that one worker remembers; about 1 KB each.',
    parse: count({ min: 100, max: 10_000_000 }),
    fallback: 100_000,
    for: DECIDING,
  }),
  sessionsPerUserMax: setting({
    about: 'Sessions that one user may have; the oldest ends when one more begins.',
    parse: count({ min: 1, max: 10_000 }),
    fallback: 100,
    for: IDENTITY,
  }),
}

export const apiKeys = {
  apikeyNonceLifetimeMs: setting({
    about: 'How far X-Auth-Nonce may be from the server’s time, either way.',
    parse: durationMs({ min: 100, max: 60_000 }),
    fallback: 5000,
    for: DECIDING,
  }),
  apikeyV1Replay: setting({
    about:
      'Whether a signature of version 1 is good for any number of requests while its nonce ' +
      'lives, as in Barong, or for one.',
    parse: oneOf(['allow', 'deny']),
    fallback: 'allow',
    for: DECIDING,
  }),
  apikeysMax: setting({
    about: 'API keys that one worker remembers; about 2 KB each.',
    parse: count({ min: 100, max: 1_000_000 }),
    fallback: 10_000,
    for: DECIDING,
  }),
}

export const guarding = {
  passwordEntropyMin: setting({
    about: 'How hard a new password must be to guess.',
    parse: count({ min: 0, max: 128, unit: 'bits' }),
    fallback: 14,
    for: IDENTITY,
  }),
  otpIssuer: setting({
    about: 'What authenticator apps show beside the account of a second factor.',
    parse: text,
    fallback: 'dvara',
    for: IDENTITY,
  }),
  argon2MemoryKiB: setting({
    about: 'Memory that one password hash takes (RFC 9106 §4).',
    parse: count({ min: 8192, max: 4_194_304, unit: 'KiB' }),
    fallback: 65_536,
    for: HASHING,
  }),
  argon2Passes: setting({
    about: 'Passes of one password hash over its memory.',
    parse: count({ min: 1, max: 64 }),
    fallback: 2,
    for: HASHING,
  }),
  loginAttemptsPerMinute: setting({
    about: 'Failed logins of one account in a minute before it must wait.',
    parse: count({ min: 1, max: 100_000 }),
    fallback: 5,
    for: IDENTITY,
  }),
  loginAttemptsPerMinuteAddress: setting({
    about: 'Failed logins from one address in a minute before it must wait.',
    parse: count({ min: 1, max: 1_000_000 }),
    fallback: 30,
    for: IDENTITY,
  }),
}

export const mailing = {
  smtpUrl: setting({
    about: 'The mail server.',
    parse: connectionUrl(['smtp', 'smtps']),
    for: ['identity'],
  }),
  mailFrom: setting({
    about: 'Whom mail comes from.',
    parse: mailbox,
    fallback: 'no-reply@localhost',
    for: IDENTITY,
  }),
  mailOutbox: setting({
    about: 'A directory to write mail to instead of sending it.',
    parse: path,
    for: ['identity'],
  }),
  mailTokenTtlS: setting({
    about: 'How long a link in a mail works.',
    parse: durationS({ min: 60, max: 604_800 }),
    fallback: 3600,
    for: IDENTITY,
  }),
}
