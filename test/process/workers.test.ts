import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { after, before, test } from 'node:test'
import { startLoad, until } from './load.ts'
import { type SignedIn, type Stack, startStack } from './stack.ts'

let stack: Stack
let admin: SignedIn

before(async () => {
  stack = await startStack({ settings: { DVARA_WORKERS: '2', DVARA_DRAIN_MS: '1000' } })
  admin = await stack.signIn()
})
after(() => stack?.stop())

const ask = () => stack.ask({ cookie: admin.cookie })

async function workerPids(): Promise<number[]> {
  const { pid } = stack.authorizer
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').map(Number)
}

test('two workers answer on one port, and one /metrics speaks for both', async () => {
  assert.equal((await workerPids()).length, 2)
  for (let count = 0; count < 50; count++) assert.equal((await ask()).status, 200)
  const text = await (await fetch(`${stack.opsUrl}/metrics`)).text()
  assert.match(text, /^dvara_workers 2$/m)
  const counted = [...text.matchAll(/^dvara_decisions_total\{.*reason="none".*\} (\d+)$/gm)]
  assert.ok(counted.reduce((sum, [, count]) => sum + Number(count), 0) >= 50)
})

test('kill -9 of a worker fails only what was in flight there, and it is replaced', async () => {
  const [victim] = (await workerPids()) as [number]
  const callersCount = 8
  const load = startLoad(ask, callersCount)
  await load.more(200)
  const killedAtMs = Date.now()
  process.kill(victim, 'SIGKILL')
  const replacedMs = await until('two workers again', async () => {
    const pids = await workerPids()
    return pids.length === 2 && !pids.includes(victim)
  })
  await load.more(400)
  const outcomes = await load.stop()
  const failed = outcomes.filter(({ error }) => error !== undefined)
  assert.ok(failed.length <= callersCount, `${failed.length} checks failed`)
  assert.ok(failed.every(({ atMs }) => atMs - killedAtMs < 100))
  for (const { said } of outcomes) if (said !== undefined) assert.equal(said.status, 200)
  assert.ok(replacedMs < 1000, `replaced after ${replacedMs} ms`)
})

/** In hundredths of a second since the machine started. */
async function startedAt(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}

test('no more workers start at once than there are cores: the first are up soon', async () => {
  const count = availableParallelism() + 1
  const many = await startStack({ settings: { DVARA_WORKERS: String(count) } })
  try {
    const children = await readFile(
      `/proc/${many.authorizer.pid}/task/${many.authorizer.pid}/children`,
      'utf8',
    )
    const pids = children.trim().split(' ').map(Number)
    assert.equal(pids.length, count)
    const starts = await Promise.all(pids.map(startedAt))
    // Nothing that loads modules and opens stores listens sooner.
    assert.ok(Math.max(...starts) - Math.min(...starts) >= 10, `started at ${starts}`)
  } finally {
    await many.stop()
  }
})

async function untilBothCount(): Promise<void> {
  await until('both workers count', async () => {
    const text = await (await fetch(`${stack.opsUrl}/metrics`)).text()
    return /^dvara_workers 2$/m.test(text) && (await workerPids()).length === 2
  })
}

test('a logout does not wait for a worker that was killed', async () => {
  await untilBothCount()
  const { cookie, csrfToken } = await stack.signIn()
  const [victim] = (await workerPids()) as [number]
  process.kill(victim, 'SIGKILL')
  const ended = await stack.call('DELETE', '/api/v2/identity/sessions', {
    cookie,
    headers: { 'X-CSRF-Token': csrfToken },
  })
  assert.equal(ended.status, 200)
  assert.match(String(ended.headers['x-in-force']), /, path=fast$/)
  await untilBothCount()
})

test('SIGHUP replaces all workers one by one, and no check fails', async () => {
  const before = await workerPids()
  const load = startLoad(ask)
  await load.more(100)
  stack.authorizer.kill('SIGHUP')
  await until(
    'two new workers',
    async () => {
      const pids = await workerPids()
      return pids.length === 2 && pids.every((pid) => !before.includes(pid))
    },
    30_000,
  )
  await load.more(200)
  const outcomes = await load.stop()
  const failed = outcomes.filter(({ error }) => error !== undefined)
  assert.deepEqual(
    failed.map(({ error }) => error?.message),
    [],
  )
  assert.deepEqual(
    outcomes.filter(({ said }) => said?.status !== 200).map(({ said }) => said?.reason),
    [],
    stack.authorizer.logs().slice(-4_000),
  )
})

test('readiness names a worker that is stuck, and stays while the other can decide', async () => {
  const [victim] = (await workerPids()) as [number]
  process.kill(victim, 'SIGSTOP')
  try {
    await until('the problem is named', async () => {
      const response = await fetch(`${stack.opsUrl}/health/ready`)
      const { ready, problems } = (await response.json()) as { ready: boolean; problems: string[] }
      return ready && problems.includes('a worker does not answer')
    })
  } finally {
    process.kill(victim, 'SIGCONT')
  }
})

test('SIGTERM drains: what is asked is answered, then the port is closed', async () => {
  const load = startLoad(ask)
  await load.more(200)
  stack.authorizer.kill('SIGTERM')
  assert.equal(await stack.authorizer.ended(), 0)
  const outcomes = await load.stop()
  for (const { said, error } of outcomes) {
    // A connection that was refused, or reset before it stood, is no failed request.
    if (error !== undefined) assert.equal(error.syscall, 'connect', error.message)
    else assert.equal(said?.status, 200)
  }
})
