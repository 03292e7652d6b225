import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startLink } from '../../src/store/pglite-link.ts'

const QUESTION = { kind: 'execute', transaction: undefined, text: 'select 1' } as const

/** A thread that does this with every `{ id, question }` it is asked. */
function startWith(body: string) {
  const code = `import { parentPort as port } from 'node:worker_threads'
    port.on('message', ({ id, question }) => { ${body} })`
  return startLink(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
}

test('answers in any order come to who asked', async () => {
  const link = startWith(`
    if (id === 1) return
    port.postMessage({ id: 2, value: 'second' })
    port.postMessage({ id: 1, value: question.text })`)
  const [first, second] = await Promise.all([link.ask(QUESTION), link.ask(QUESTION)])
  assert.deepEqual([first, second], ['select 1', 'second'])
  await link.end()
})

test('a failure keeps what tells its fault', async () => {
  const link = startWith(`
    port.postMessage({ id, failure: { message: 'twice', code: '23505', constraint: 'name' } })`)
  await assert.rejects(link.ask(QUESTION), {
    ...{ message: 'twice', code: '23505', constraint: 'name' },
  })
  await link.end()
})

test('bytes arrive as bytes', async () => {
  const link = startWith(`
    port.postMessage({ id, value: [{ bytes: new Uint8Array([0, 255]) }] })`)
  assert.deepEqual(await link.ask(QUESTION), [{ bytes: new Uint8Array([0, 255]) }])
  await link.end()
})

const DEATHS = [
  { name: 'that ends', body: 'process.exit(3)', cause: /its thread has ended/ },
  { name: 'that throws', body: "throw new Error('out of memory')", cause: /out of memory/ },
  {
    name: 'whose promise is rejected',
    body: "Promise.reject(new Error('aborted'))",
    cause: /aborted/,
  },
]
for (const { name, body, cause } of DEATHS) {
  test(`with a thread ${name} all that is asked and was asked is a fault`, async () => {
    const link = startWith(body)
    const pending = [link.ask(QUESTION), link.ask(QUESTION)]
    for (const one of await Promise.allSettled(pending)) {
      assert.equal(one.status, 'rejected')
      assert.equal(one.reason.code, 'store_unavailable')
      assert.match(one.reason.cause.message, cause)
    }
    await assert.rejects(link.ask(QUESTION), { code: 'store_unavailable' })
    await link.end()
  })
}

test('an end leaves nobody waiting', async () => {
  const link = startWith('')
  const pending = assert.rejects(link.ask(QUESTION), { code: 'store_unavailable' })
  await link.end()
  await pending
})
