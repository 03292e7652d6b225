import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createOperations,
  FAILED,
  mergeDecisions,
  type Question,
} from '../../src/authorizer/operations.ts'

async function ask(target: string) {
  const asked: Question[] = []
  const operations = createOperations(async (question) => {
    asked.push(question)
    return { status: 200, value: 'told' }
  })
  const [path = '', search = ''] = target.split('?')
  const found = operations.find((one) =>
    one.path.endsWith('/') ? path.startsWith(one.path) : path === one.path,
  )
  const rest = found?.path.endsWith('/') ? path.slice(found.path.length) : ''
  const answer = await found?.answer({ rest, query: new URLSearchParams(search), body: undefined })
  return { status: answer?.status, value: answer?.value, question: asked[0] }
}

test('decisions are asked for by reason, path and uid, fifty of them by default', async () => {
  const { question } = await ask('/decisions')
  const query = { limit: 50, reason: undefined, path: undefined, uid: undefined }
  assert.deepEqual(question, { kind: 'decisions', query })
  const narrow = await ask('/decisions?limit=1000&reason=invalid_session&path=/a&uid=ID1')
  const asked = { limit: 1000, reason: 'authz.invalid_session', path: '/a', uid: 'ID1' }
  assert.deepEqual(narrow.question, { kind: 'decisions', query: asked })
  const allowed = (await ask('/decisions?reason=none')).question
  assert.equal(allowed?.kind === 'decisions' ? allowed.query.reason : '', 'none')
})

const WRONG = ['limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'reason=nope', 'colour=red']
for (const search of WRONG) {
  test(`?${search} is refused, and says why`, async () => {
    const { status, value, question } = await ask(`/decisions?${search}`)
    assert.equal(status, 400)
    assert.match(JSON.stringify(value), /"error":"\w/)
    assert.equal(question, undefined)
  })
}

test('one decision is asked for by its id, whatever became of its letters', async () => {
  const { question } = await ask('/decisions/K3X9Q0000000O')
  assert.deepEqual(question, { kind: 'decision', id: 'k3x9q00000000' })
  assert.equal((await ask('/decisions/nothing')).status, 400)
})

test('the decisions of several workers are one list, newest first', () => {
  const listed = (...times: number[]) => ({
    status: 200,
    value: { decisions: times.map((time) => ({ at: new Date(time).toISOString() })) },
  })
  const merged = mergeDecisions([listed(5, 1), FAILED, listed(4, 3)], 3)
  const at = (time: number) => ({ at: new Date(time).toISOString() })
  assert.deepEqual(merged, { status: 200, value: { decisions: [at(5), at(4), at(3)] } })
  assert.deepEqual(mergeDecisions([FAILED, FAILED], 3), FAILED)
})
