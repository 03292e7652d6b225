import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listening, operations, stores, tokens } from '../../src/config/settings-authorizer.ts'
import { revocation } from '../../src/config/settings-revocation.ts'

test('nothing listens beyond this machine unless told to', () => {
  for (const row of [listening.listen, listening.identityListen, listening.opsListen]) {
    assert.equal(row.fallback.kind === 'tcp' && row.fallback.host, '127.0.0.1')
  }
  assert.deepEqual(listening.trustedGateways.fallback, ['127.0.0.0/8', '::1/128'])
  assert.deepEqual(listening.trustedProxies.fallback, [])
  assert.deepEqual(listening.corsOrigins.fallback, [])
})

test('stores and keys have no default that could be somebody else’s', () => {
  for (const row of [stores.redisUrl, stores.databaseUrl, tokens.keysDirectory]) {
    assert.equal(row.fallback, undefined)
  }
})

test('the edges of times and numbers stand where they are documented', () => {
  const edges = [
    [listening.workers, '0', '1', '64', '65'],
    [tokens.jwtTtlS, '4', '5', '3600', '3601'],
    [tokens.jwksMaxAgeS, '-1', '0', '86400', '86401'],
    [revocation.leaseMs, '199', '200', '60000', '60001'],
    [revocation.heartbeatMs, '19', '20', '10000', '10001'],
    [stores.storeTimeoutMs, '9', '10', '10000', '10001'],
    [stores.answerWithinMs, '19', '20', '20000', '20001'],
    [operations.drainMs, '-1', '0', '600000', '600001'],
  ] as const
  for (const [row, below, min, max, above] of edges) {
    assert.equal(row.parse.parse(below), undefined)
    assert.equal(row.parse.parse(min), Number(min))
    assert.equal(row.parse.parse(max), Number(max))
    assert.equal(row.parse.parse(above), undefined)
  }
})
