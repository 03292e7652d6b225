import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIALECT_NAMES } from '../../src/core/check.ts'
import { DIALECTS, matchEndpoint } from '../../src/gateway/endpoint.ts'

const CASES = [
  { path: '/authz/nginx', expect: 'nginx ' },
  { path: '/authz/traefik', expect: 'traefik ' },
  { path: '/authz/caddy', query: 'page=2', expect: 'caddy ' },
  { path: '/authz/haproxy', expect: 'haproxy ' },
  { path: '/authz/envoy/', expect: 'envoy /' },
  { path: '/authz/envoy/a/b', query: 'x=/c', expect: 'envoy /a/b?x=/c' },
  { path: '/authz/envoy//a', expect: 'envoy //a' },
  { path: '/authz/envoy/authz/nginx', expect: 'envoy /authz/nginx' },
  { path: '/api/v2/auth/api/v2/x', query: 'a', expect: 'barong /api/v2/x?a' },
  { path: '/api/v2/auth//', expect: 'barong //' },
  { path: '/.well-known/jwks.json', expect: 'jwks' },
  { path: '/api/v2/auth', expect: 'missing' },
  { path: '/api/v2/auth/', expect: 'missing' },
  { path: '/api/v2/authx', expect: 'missing' },
  { path: '/authz/envoy', expect: 'missing' },
  { path: '/authz/envoyx/a', expect: 'missing' },
  { path: '/authz/nginx/', expect: 'missing' },
  { path: '/authz/__proto__', expect: 'missing' },
  { path: '//authz/nginx', expect: 'missing' },
  { path: '', expect: 'missing' },
]

for (const { path, query = '', expect } of CASES) {
  test(`${path}?${query} is ${expect}`, () => {
    const endpoint = matchEndpoint(path, query)
    const found =
      endpoint.kind === 'check' ? `${endpoint.dialect.name} ${endpoint.target}` : endpoint.kind
    assert.equal(found, expect)
  })
}

test('every dialect goes by its own name', () => {
  for (const name of DIALECT_NAMES) assert.equal(DIALECTS[name].name, name)
})
