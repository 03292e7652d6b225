import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import test from 'node:test'
import { createJwksSource, createKeyringSource, REFETCH_MS } from '../../src/crypto/key-source.ts'
import { createRing, NOW_MS } from './scratch.ts'

/** A source whose answers are given by the test, and counted. */
async function createSource(t: TestContext, headers: Record<string, string> = {}) {
  const { keyring } = await createRing(t)
  const kid = keyring.signing().kid
  const body = Buffer.from(keyring.jwks()).toString()
  const state = { fetches: 0, answer: () => new Response(body, { headers }) }
  const source = createJwksSource({
    url: 'http://authorizer/.well-known/jwks.json',
    fetch: async (_, init) => {
      assert.equal(init?.redirect, 'error')
      assert.ok(init?.signal instanceof AbortSignal)
      state.fetches++
      return state.answer()
    },
  })
  const find = async (wanted = kid, afterMs = 0) => {
    const key = await source.find(wanted, NOW_MS + afterMs)
    return typeof key === 'object' ? 'found' : key
  }
  return { state, find, kid, keyring }
}

test('the ring of this machine is a source', async (t) => {
  const { keyring } = await createRing(t)
  const source = createKeyringSource(keyring)
  const { kid } = keyring.signing()
  assert.equal((await source.find(kid, NOW_MS)) === keyring.verifying(kid), true)
  assert.equal(await source.find('unknown', NOW_MS), undefined)
})

test('a set is fetched once for its whole age, and then again', async (t) => {
  const { state, find } = await createSource(t, { 'cache-control': 'public, max-age=60' })
  assert.equal(await find(), 'found')
  assert.equal(await find(undefined, 59_999), 'found')
  assert.equal(state.fetches, 1)
  assert.equal(await find(undefined, 60_000), 'found')
  assert.equal(state.fetches, 2)
})

test('a set that tells no age is believed for five minutes', async (t) => {
  const { state, find } = await createSource(t)
  await find()
  await find(undefined, 299_999)
  assert.equal(state.fetches, 1)
  await find(undefined, 300_000)
  assert.equal(state.fetches, 2)
})

test('a set that claims a year is believed for an hour', async (t) => {
  const { state, find } = await createSource(t, { 'cache-control': 'max-age=31536000' })
  await find()
  await find(undefined, 3_599_999)
  assert.equal(state.fetches, 1)
  await find(undefined, 3_600_000)
  assert.equal(state.fetches, 2)
})

test('an unknown kid asks again at most once in 30 s', async (t) => {
  const { state, find } = await createSource(t)
  assert.equal(await find('unknown'), undefined)
  for (let at = 0; at < 100; at++)
    assert.equal(await find(`unknown ${at}`, REFETCH_MS - 1), undefined)
  assert.equal(state.fetches, 1)
  await find('unknown', REFETCH_MS)
  await find('unknown', 2 * REFETCH_MS - 1)
  assert.equal(state.fetches, 2)
})

test('a key published after the first fetch is found by its kid', async (t) => {
  const { state, find, kid } = await createSource(t)
  const full = state.answer
  state.answer = () => new Response('{"keys":[]}')
  assert.equal(await find(kid), undefined)
  state.answer = full
  assert.equal(await find(kid, REFETCH_MS), 'found')
})

test('many that ask at once share one fetch', async (t) => {
  const { state, find } = await createSource(t)
  const found = await Promise.all(Array.from({ length: 50 }, () => find()))
  assert.deepEqual(new Set(found), new Set(['found']))
  assert.equal(state.fetches, 1)
})

const FAILURES: readonly { name: string; answer: () => Response }[] = [
  { name: 'an error status', answer: () => new Response('{"keys":[]}', { status: 500 }) },
  { name: 'a page', answer: () => new Response('<html>') },
  { name: 'a set with a secret', answer: () => new Response('{"keys":[{"kty":"oct","k":"AA"}]}') },
  { name: 'too many bytes', answer: () => new Response(' '.repeat(262_145)) },
  {
    name: 'no connection',
    answer: () => {
      throw new TypeError('fetch failed')
    },
  },
]
for (const { name, answer } of FAILURES) {
  test(`${name} leaves nothing known, and is tried again after a second`, async (t) => {
    const { state, find } = await createSource(t)
    const good = state.answer
    state.answer = answer
    assert.equal(await find(), 'unavailable')
    assert.equal(await find(undefined, 999), 'unavailable')
    assert.equal(state.fetches, 1)
    state.answer = good
    assert.equal(await find(undefined, 1_000), 'found')
  })

  test(`${name} after a good set leaves it believed for five minutes more`, async (t) => {
    const { state, find } = await createSource(t, { 'cache-control': 'max-age=60' })
    assert.equal(await find(), 'found')
    state.answer = answer
    assert.equal(await find(undefined, 60_000), 'found')
    assert.equal(await find(undefined, 359_999), 'found')
    assert.equal(await find(undefined, 360_000), 'unavailable')
  })
}

async function listen(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
}

test('over a socket: a set is read, a redirect is not followed', async (t) => {
  const { keyring } = await createRing(t)
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    if (request.url === '/moved') response.writeHead(302, { location: '/jwks.json' }).end()
    else response.end(keyring.jwks())
  })
  const url = await listen(t, server)
  const { kid } = keyring.signing()
  const found = await createJwksSource({ url, fetch }).find(kid, NOW_MS)
  assert.equal(typeof found === 'object' ? found.alg : found, 'EdDSA')
  const moved = createJwksSource({ url: url.replace('jwks.json', 'moved'), fetch })
  assert.equal(await moved.find(kid, NOW_MS), 'unavailable')
  assert.deepEqual(paths, ['/jwks.json', '/moved'])
})

test('over a socket: a server that never ends its answer is left', async (t) => {
  const server = createServer((_, response) => response.write('{"keys":['))
  const source = createJwksSource({ url: await listen(t, server), fetch, timeoutMs: 50 })
  assert.equal(await source.find('any', NOW_MS), 'unavailable')
})
