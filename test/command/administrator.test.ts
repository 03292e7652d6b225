import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RunningServer, startPostgres, startRedis } from '../process/servers.ts'
import { dvara } from '../process/stack.ts'

let servers: RunningServer[]
let env: Record<string, string>

before(async () => {
  servers = await Promise.all([startRedis(), startPostgres()])
  const [redis, postgres] = servers as [RunningServer, RunningServer]
  env = { DVARA_REDIS_URL: redis.url, DVARA_DATABASE_URL: postgres.url }
})
after(() => Promise.all(servers.map((server) => server.stop())))

test('migrate applies once, and says so the second time', async () => {
  assert.match(await dvara(['migrate'], env), /^applied 0001_/)
  assert.equal(await dvara(['migrate'], env), 'nothing to apply: up to date\n')
})

test('an administrator is made with a random password, printed once', async () => {
  const [email, password] = (await dvara(['administrator', 'Root@App.example'], env)).split('\n')
  assert.match(String(email), /^root@app\.example$/i)
  assert.match(String(password), /^[\w-]{24}$/)
})

test('a taken address and one that is none are refused', async () => {
  await assert.rejects(dvara(['administrator', 'root@app.example'], env), /taken/)
  await assert.rejects(dvara(['administrator', 'nonsense'], env), /no e-mail address/)
  await assert.rejects(dvara(['administrator'], env), /name the e-mail address/)
})
