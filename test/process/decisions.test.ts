import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KeptDecision } from '../../src/core/kept.ts'
import { type SignedIn, type Stack, startStack } from './stack.ts'

let stack: Stack
let admin: SignedIn

before(async () => {
  const settings = { DVARA_WORKERS: '2', DVARA_DECISIONS_KEPT: '64', DVARA_DRAIN_MS: '1000' }
  stack = await startStack({ settings })
  admin = await stack.signIn()
})
after(() => stack?.stop())

async function load(path: string) {
  const reply = await fetch(`${stack.opsUrl}${path}`)
  return { status: reply.status, value: (await reply.json()) as unknown }
}

async function list(search = ''): Promise<readonly KeptDecision[]> {
  const { value } = await load(`/decisions${search}`)
  return (value as { decisions: KeptDecision[] }).decisions
}

test('both workers’ decisions are one list, and each is found by its id', async () => {
  // Each connection is taken by one of the workers; a few of them reach both.
  const answered = new Set<string>()
  for (let count = 0; count < 60 && runs(answered).size < 2; count++) {
    const reply = await fetch(`${stack.authorizer.url}/authz/nginx`, {
      headers: {
        ...{ 'X-Original-Method': 'GET', 'X-Original-URI': `/no/rule?q=s3cr3t${count}` },
        ...{ 'X-Real-IP': '203.0.113.9', Cookie: admin.cookie, Connection: 'close' },
      },
    })
    await reply.arrayBuffer()
    answered.add(reply.headers.get('x-decision-id') ?? '')
  }
  assert.equal(runs(answered).size, 2)

  const listed = await list('?path=/no/rule&limit=1000')
  assert.deepEqual(new Set(listed.map(({ id }) => id)), answered)
  assert.deepEqual(
    listed.map(({ at }) => at),
    listed
      .map(({ at }) => at)
      .sort()
      .reverse(),
  )
  for (const id of answered) {
    const { status, value } = await load(`/decisions/${id.toUpperCase()}`)
    assert.equal(status, 200)
    const kept = value as KeptDecision
    assert.equal(kept.id, id)
    assert.deepEqual([kept.method, kept.path, kept.address], ['GET', '/no/rule', '203.0.113.9'])
    assert.doesNotMatch(JSON.stringify(value), /s3cr3t/)
    assert.ok(!JSON.stringify(value).includes(admin.cookie.split('=')[1] as string))
  }
})

test('an id that nobody gave is 404', async () => {
  assert.equal((await load('/decisions/0000000000000')).status, 404)
  assert.equal((await load('/decisions/x')).status, 400)
})

function runs(ids: Iterable<string>): Set<string> {
  return new Set([...ids].map((id) => id.slice(0, 5)))
}
