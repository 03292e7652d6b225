import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { sessionCookieName } from '../../src/config/rules.ts'
import type { ProcessName } from '../../src/config/setting.ts'

const IDENTITY = {
  DVARA_REDIS_URL: 'redis://h',
  DVARA_DATABASE_URL: 'postgres://h',
  DVARA_KEYS_DIRECTORY: '/keys',
  DVARA_MAIL_OUTBOX: '/outbox',
}

interface Case {
  readonly about: string
  readonly process: ProcessName
  readonly right: readonly Record<string, string>[]
  readonly wrong: readonly Record<string, string>[]
  readonly says: RegExp
}

const CASES: readonly Case[] = [
  {
    about: 'two heartbeats fit into a lease',
    process: 'dev',
    right: [{ DVARA_HEARTBEAT_MS: '1000', DVARA_LEASE_MS: '2000' }],
    wrong: [{ DVARA_HEARTBEAT_MS: '1001', DVARA_LEASE_MS: '2000' }],
    says: /DVARA_HEARTBEAT_MS, DVARA_LEASE_MS: .*half/,
  },
  {
    about: 'strict is at most ten seconds',
    process: 'dev',
    right: [
      { DVARA_LEASE_MS: '10000' },
      { DVARA_REVOCATION_PROFILE: 'availability' },
      { DVARA_REVOCATION_PROFILE: 'availability', DVARA_HEARTBEAT_MS: '10000' },
    ],
    wrong: [{ DVARA_LEASE_MS: '10001' }],
    says: /DVARA_LEASE_MS, DVARA_REVOCATION_PROFILE: .*availability/,
  },
  {
    about: 'availability is more than that',
    process: 'dev',
    right: [{ DVARA_REVOCATION_PROFILE: 'availability', DVARA_LEASE_MS: '10001' }],
    wrong: [{ DVARA_REVOCATION_PROFILE: 'availability', DVARA_LEASE_MS: '10000' }],
    says: /DVARA_LEASE_MS, DVARA_REVOCATION_PROFILE: .*strict/,
  },
  {
    about: 'the time to answer is longer than the store’s',
    process: 'dev',
    right: [{ DVARA_ANSWER_WITHIN_MS: '101' }],
    wrong: [{ DVARA_ANSWER_WITHIN_MS: '100' }, { DVARA_ANSWER_WITHIN_MS: '99' }],
    says: /DVARA_ANSWER_WITHIN_MS/,
  },
  {
    about: 'a token does not outlive the session',
    process: 'dev',
    right: [{ DVARA_JWT_TTL_S: '60', DVARA_SESSION_LIFETIME_S: '60', DVARA_SESSION_IDLE_S: '60' }],
    wrong: [{ DVARA_JWT_TTL_S: '61', DVARA_SESSION_LIFETIME_S: '60', DVARA_SESSION_IDLE_S: '60' }],
    says: /DVARA_JWT_TTL_S/,
  },
  {
    about: 'a session is idle for no longer than it lives',
    process: 'dev',
    right: [{ DVARA_SESSION_IDLE_S: '3600', DVARA_SESSION_LIFETIME_S: '3600' }],
    wrong: [{ DVARA_SESSION_IDLE_S: '3601', DVARA_SESSION_LIFETIME_S: '3600' }],
    says: /DVARA_SESSION_IDLE_S/,
  },
  {
    about: 'plain http is for loopback only',
    process: 'dev',
    right: [
      { DVARA_PUBLIC_ORIGIN: 'https://app.example.org' },
      { DVARA_PUBLIC_ORIGIN: 'http://localhost:8080' },
      { DVARA_PUBLIC_ORIGIN: 'http://app.localhost' },
      { DVARA_PUBLIC_ORIGIN: 'http://[::1]:8080' },
      { DVARA_PUBLIC_ORIGIN: 'http://127.9.9.9' },
    ],
    wrong: [
      { DVARA_PUBLIC_ORIGIN: 'http://app.example.org' },
      { DVARA_PUBLIC_ORIGIN: 'http://128.0.0.1' },
      { DVARA_PUBLIC_ORIGIN: 'http://127.0.0.1.example.org' },
      { DVARA_PUBLIC_ORIGIN: 'http://notlocalhost' },
    ],
    says: /DVARA_PUBLIC_ORIGIN/,
  },
  {
    about: 'listeners of one process have an address each',
    process: 'dev',
    right: [{ DVARA_LISTEN: '127.0.0.1:0', DVARA_IDENTITY_LISTEN: '127.0.0.1:0' }],
    wrong: [
      { DVARA_LISTEN: '127.0.0.1:9091' },
      { DVARA_LISTEN: '127.0.0.1:9092' },
      { DVARA_IDENTITY_LISTEN: '127.0.0.1:9092' },
      { DVARA_LISTEN: 'unix:/a', DVARA_IDENTITY_LISTEN: 'unix:/a' },
    ],
    says: /share an address/,
  },
  {
    about: 'the identity API finds public keys in exactly the places it is told',
    process: 'identity',
    right: [
      {},
      {
        DVARA_KEYS_DIRECTORY: '',
        DVARA_COOKIE_KEYS_DIRECTORY: '/cookies',
        DVARA_JWKS_URL: 'https://a.example/jwks',
      },
    ],
    wrong: [{ DVARA_KEYS_DIRECTORY: '', DVARA_COOKIE_KEYS_DIRECTORY: '/cookies' }],
    says: /DVARA_KEYS_DIRECTORY, DVARA_JWKS_URL/,
  },
  {
    about: 'the identity API is told where the keys of cookies are',
    process: 'identity',
    right: [{}, { DVARA_COOKIE_KEYS_DIRECTORY: '/cookies' }],
    wrong: [{ DVARA_KEYS_DIRECTORY: '', DVARA_JWKS_URL: 'https://a.example/jwks' }],
    says: /DVARA_KEYS_DIRECTORY, DVARA_COOKIE_KEYS_DIRECTORY/,
  },
  {
    about: 'the identity API delivers mail in one way',
    process: 'identity',
    right: [
      {},
      { DVARA_MAIL_OUTBOX: '', DVARA_SMTP_URL: 'smtp://h', DVARA_MAIL_FROM: 'a@example.org' },
    ],
    wrong: [
      { DVARA_MAIL_OUTBOX: '' },
      { DVARA_SMTP_URL: 'smtp://h', DVARA_MAIL_FROM: 'a@example.org' },
    ],
    says: /exactly one/,
  },
  {
    about: 'mail that leaves the machine says whom it comes from',
    process: 'identity',
    right: [{}],
    wrong: [{ DVARA_MAIL_OUTBOX: '', DVARA_SMTP_URL: 'smtp://h' }],
    says: /DVARA_MAIL_FROM/,
  },
]

for (const { about, process, right, wrong, says } of CASES) {
  const base = process === 'identity' ? IDENTITY : {}
  test(`${about}`, () => {
    for (const env of right) {
      const loaded = loadConfig({ process, env: { ...base, ...env }, argv: [] })
      assert.equal(loaded.kind, 'loaded', JSON.stringify(loaded))
    }
    for (const env of wrong) {
      const loaded = loadConfig({ process, env: { ...base, ...env }, argv: [] })
      assert.equal(loaded.kind, 'refused', JSON.stringify(env))
      if (loaded.kind !== 'refused') return
      const lines = loaded.problems.map((problem) => `${problem.setting}: ${problem.text}`)
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] as string, says)
    }
  })
}

test('rules about one process leave the others alone', () => {
  const loaded = loadConfig({
    process: 'config',
    env: { DVARA_LISTEN: '127.0.0.1:9092' },
    argv: [],
  })
  assert.equal(loaded.kind, 'loaded')
})

test('the session cookie is bound to its host wherever the browser allows it', () => {
  const cookieName = 'sid'
  assert.equal(sessionCookieName({ cookieName, publicOrigin: 'https://a.example' }), '__Host-sid')
  assert.equal(sessionCookieName({ cookieName, publicOrigin: 'http://localhost' }), 'sid')
})
