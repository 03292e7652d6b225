/** What a server owes its dependencies; what it owes gateways is in conformance.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../src/core/verdict.ts'
import { createDecisionIds } from '../../src/gateway/decision-id.ts'
import type { Accept, Engine, Inbound, Outbound } from '../../src/gateway/engine.ts'
import type { GatewayEvent } from '../../src/gateway/event.ts'
import { createServer } from '../../src/gateway/server.ts'
import { address } from './asked.ts'
import { GRANT, networks, RUN } from './opened.ts'

const HEADERS = [
  ['host', 'a.example'],
  ['x-original-method', 'GET'],
  ['x-original-uri', '/a'],
  ['x-real-ip', '203.0.113.9'],
] as const

async function openInMemory(authorize: () => Answer | Promise<Answer>) {
  let accept: Accept = () => assert.fail('not listening')
  const engine: Engine = {
    kind: 'node',
    async listen(_at, callbacks) {
      accept = callbacks.accept
      return { port: 1 }
    },
    drain: async () => undefined,
    close: async () => undefined,
  }
  const story: string[] = []
  const events: GatewayEvent[] = []
  let readings = 0
  const server = createServer({
    engine,
    authorize,
    trustedGateways: networks('127.0.0.1'),
    trustedProxies: networks(),
    jwks: () => ({ body: '', maxAgeS: 1 }),
    answerWithinMs: 20,
    ids: createDecisionIds({ run: RUN, key: new Uint32Array(4) }),
    observe: (dialect, answer, check, elapsedUs) =>
      story.push(`observed ${dialect} ${answer.kind} ${check?.path} ${elapsedUs}`),
    report: (event) => events.push(event),
    nowUs: () => 7 * readings++,
  })
  await server.listen({ path: '/nowhere' })

  function ask(peer = '127.0.0.1'): { outbound: { isOver: boolean }; replied: Promise<void> } {
    let resolve: () => void = () => undefined
    const replied = new Promise<void>((done) => (resolve = done))
    const outbound: Outbound & { isOver: boolean } = {
      isOver: false,
      hold: () => story.push('held'),
      reply(reply, isLast) {
        outbound.isOver = true
        story.push(`replied ${reply.status}${isLast ? ' last' : ''}`)
        resolve()
      },
    }
    const inbound: Inbound = {
      method: 'GET',
      path: '/authz/nginx',
      query: '',
      isLocal: false,
      peer: address(peer),
      forEachHeader: (see) => {
        for (const [name, value] of HEADERS) see(name, value)
      },
    }
    accept(inbound, outbound)
    return { outbound, replied }
  }
  return { ask, story, events }
}

test('an answer at once is replied to at once, then observed with what it took', async () => {
  const { ask, story } = await openInMemory(() => GRANT)
  ask()
  assert.deepEqual(story, ['replied 200', 'observed nginx allow /a 7'])
})

test('an answer that takes time holds the request', async () => {
  const { ask, story, events } = await openInMemory(async () => GRANT)
  await ask().replied
  assert.deepEqual(story.slice(0, 2), ['held', 'replied 200'])
  assert.deepEqual(events, [])
})

test('a late answer is refused once, and says so', async () => {
  const { ask, story, events } = await openInMemory(() => new Promise<Answer>(() => undefined))
  await ask().replied
  assert.deepEqual(story.slice(0, 2), ['held', 'replied 403'])
  assert.deepEqual(events, [{ kind: 'authorize_late', dialect: 'nginx' }])
})

test('what nobody is left to hear is neither replied nor observed', async () => {
  let open: (answer: Answer) => void = () => undefined
  const pending = new Promise<Answer>((resolve) => (open = resolve))
  const { ask, story } = await openInMemory(() => pending)
  const { outbound } = ask()
  outbound.isOver = true
  open(GRANT)
  await pending
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(story, ['held'])
})

test('a peer that is no gateway of ours is refused, and nothing is asked', async () => {
  const { ask, story, events } = await openInMemory(() => assert.fail('asked'))
  await ask('127.0.0.2').replied
  assert.equal(story[0], 'replied 403 last')
  assert.deepEqual(events, [{ kind: 'untrusted_gateway', peer: '127.0.0.2' }])
})
