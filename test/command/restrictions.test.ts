import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../process/load.ts'
import { dvara, type SignedIn, type Stack, startStack } from '../process/stack.ts'

let stack: Stack
let admin: SignedIn
let token: string
let env: Record<string, string>

before(async () => {
  stack = await startStack({ settings: { DVARA_WORKERS: '1' } })
  env = { DVARA_REDIS_URL: stack.redis.url, DVARA_DATABASE_URL: stack.postgres.url }
  admin = await stack.signIn()
  const uri = '/api/v2/admin/restrictions'
  token = (await stack.ask({ cookie: admin.cookie, uri })).authorization
})
after(() => stack?.stop())

const ask = async () => (await stack.ask({ cookie: admin.cookie })).status

async function restrict(body: Record<string, unknown>): Promise<void> {
  const { status } = await stack.call('POST', '/api/v2/admin/restrictions', {
    headers: { authorization: token },
    body,
  })
  assert.equal(status, 201)
}

test('who is kept out altogether is let in again, past every authorizer', async () => {
  assert.equal(await dvara(['restrictions'], env), '')
  await restrict({ category: 'blacklist', scope: 'ip_subnet', value: '192.0.2.0/24' })
  await restrict({ category: 'maintenance', scope: 'all', value: 'all' })
  await until('nobody comes in', async () => (await ask()) !== 200)

  const listed = await dvara(['restrictions', 'list'], env)
  assert.match(listed, /^\d+ maintenance all all 471 enabled$/m)
  assert.match(listed, /^\d+ blacklist ip_subnet 192\.0\.2\.0\/24 403 enabled$/m)
  const switched = await dvara(['restrictions', 'disable', 'all'], env)
  assert.match(switched, /^\d+ maintenance all all 471 disabled$/m)
  await until('the administrator comes in', async () => (await ask()) === 200)
})

test('single rows are switched by their ids', async () => {
  const rows = JSON.parse(await dvara(['restrictions', '--json'], env)) as {
    id: number
    category: string
    state: string
  }[]
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['disabled', 'disabled'],
  )
  const id = String(rows.find(({ category }) => category === 'blacklist')?.id)
  assert.match(await dvara(['restrictions', 'enable', id], env), /403 enabled\n$/)
  assert.equal(await ask(), 200)
  assert.match(await dvara(['restrictions', 'disable', id], env), /403 disabled\n$/)
})

test('a row that is not there, and a command that is none, are said', async () => {
  await assert.rejects(dvara(['restrictions', 'disable', '999'], env), /no restriction 999/)
  await assert.rejects(dvara(['restrictions', 'enable', 'all'], env), /say list, disable/)
  await assert.rejects(dvara(['restrictions', 'remove', '1'], env), /say list, disable/)
})
