import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guarding, mailing, sessions } from '../../src/config/settings-identity.ts'

test('what protects a session is on unless switched off', () => {
  assert.equal(sessions.csrfProtection.fallback, true)
  assert.equal(sessions.sessionBinding.fallback, 'strict')
})

test('the edges of times and numbers stand where they are documented', () => {
  const edges = [
    [sessions.sessionIdleS, '9', '10', '2592000', '2592001'],
    [sessions.sessionLifetimeS, '9', '10', '31536000', '31536001'],
    [sessions.sessionsMax, '99', '100', '10000000', '10000001'],
    [sessions.sessionsPerUserMax, '0', '1', '10000', '10001'],
    [guarding.passwordEntropyMin, '-1', '0', '128', '129'],
    [guarding.argon2MemoryKiB, '8191', '8192', '4194304', '4194305'],
    [guarding.argon2Passes, '0', '1', '64', '65'],
    [guarding.loginAttemptsPerMinute, '0', '1', '100000', '100001'],
    [guarding.loginAttemptsPerMinuteAddress, '0', '1', '1000000', '1000001'],
    [mailing.mailTokenTtlS, '59', '60', '604800', '604801'],
  ] as const
  for (const [row, below, min, max, above] of edges) {
    assert.equal(row.parse.parse(below), undefined)
    assert.equal(row.parse.parse(min), Number(min))
    assert.equal(row.parse.parse(max), Number(max))
    assert.equal(row.parse.parse(above), undefined)
  }
})
