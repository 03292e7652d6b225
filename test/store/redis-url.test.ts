import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redisUrl } from '../../src/config/parsers.ts'
import { parseRedisUrl } from '../../src/store/redis-url.ts'

const PLAIN = {
  ...{ kind: 'single', path: undefined, isTls: false, username: undefined, password: undefined },
  ...{ database: 0, primary: '', sentinelUsername: undefined, sentinelPassword: undefined },
}

const RIGHT: readonly (readonly [string, object])[] = [
  ['redis://h', { nodes: [{ host: 'h', port: 6379 }] }],
  ['redis://[::1]:7000/3', { nodes: [{ host: '::1', port: 7000 }], database: 3 }],
  [
    'rediss://dvara:p%40ss@h:6380',
    { nodes: [{ host: 'h', port: 6380 }], isTls: true, username: 'dvara', password: 'p@ss' },
  ],
  ['redis://:secret@h', { nodes: [{ host: 'h', port: 6379 }], password: 'secret' }],
  ['unix:/run/redis.sock', { nodes: [], path: '/run/redis.sock' }],
  [
    'redis+sentinel://u:p@a,b:26380/1?master=main&sentinel_password=s',
    {
      ...{ kind: 'sentinel', username: 'u', password: 'p', database: 1, primary: 'main' },
      ...{ sentinelPassword: 's' },
      nodes: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
      ],
    },
  ],
  [
    'rediss+cluster://a:1,b:2',
    {
      ...{ kind: 'cluster', isTls: true },
      nodes: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    },
  ],
]
for (const [url, target] of RIGHT) {
  test(`${url} is understood`, () => {
    assert.deepEqual(parseRedisUrl(url), { ...PLAIN, ...target })
    assert.equal(redisUrl.parse(url)?.reveal(), url)
  })
}

const WRONG = [
  ...['http://h', 'redis://', 'redis://a,b', 'redis+sentinel://a', 'redis://h?master=m', 'h:1'],
  ...['redis+sentinel://a b?master=m'],
]
for (const url of WRONG) {
  test(`${url} is refused, as a setting and by the store`, () => {
    assert.equal(parseRedisUrl(url), undefined)
    assert.equal(redisUrl.parse(url), undefined)
  })
}
