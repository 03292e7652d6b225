import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ShadowReport } from '../../src/authorizer/shadow.ts'
import { until } from './load.ts'
import { createFolder, removeFolder } from './servers.ts'
import { type SignedIn, type Stack, send, startStack } from './stack.ts'

/** Where two workers share a port, so many connections reach both. */
const CHECKS_COUNT = 64

const agent = new Agent({ keepAlive: false })
let stack: Stack
let folder: string
let admin: SignedIn

before(async () => {
  folder = await createFolder('shadows')
  const file = join(folder, 'next.yml')
  await writeFile(file, 'restrictions: [{ category: maintenance, scope: all }]')
  stack = await startStack({
    settings: { DVARA_WORKERS: '2', DVARA_SHADOW_POLICY_FILE: file },
  })
  admin = await stack.signIn()
})
after(async () => {
  await stack?.stop()
  await removeFolder(folder)
})

/** Each on a connection of its own: the system hands them out. */
function askAnew() {
  return send(agent, `${stack.authorizer.url}/authz/nginx`, 'GET', {
    cookie: admin.cookie,
    headers: {
      'X-Original-Method': 'GET',
      'X-Original-URI': '/api/v2/resource/users/me',
      'X-Real-IP': '127.0.0.1',
    },
  })
}

async function readShadow(): Promise<ShadowReport> {
  const response = await fetch(`${stack.opsUrl}/shadow`)
  assert.equal(response.status, 200)
  return (await response.json()) as ShadowReport
}

async function countedByMetric(): Promise<number> {
  const text = await (await fetch(`${stack.opsUrl}/metrics`)).text()
  return [...text.matchAll(/^dvara_shadow_decisions_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}

test('what two workers compared is one sum, in the report and in the metric', async () => {
  await until('both have read the file', async () => (await readShadow()).isInForce)
  const before = await readShadow()
  const runs = new Set<string>()
  for (let count = 0; count < CHECKS_COUNT; count++) {
    const said = await askAnew()
    assert.equal(said.status, 200)
    // The first five characters of an id tell the worker.
    runs.add(String(said.headers['x-decision-id']).slice(0, 5))
  }
  assert.equal(runs.size, 2, 'all connections went to one worker')
  await until('all are compared', async () => {
    return (await readShadow()).compared >= before.compared + CHECKS_COUNT
  })
  const { compared, differences, last } = await readShadow()
  assert.equal(compared, before.compared + CHECKS_COUNT)
  const found = differences.find(({ to }) => to === 'authz.restrict.maintenance')
  const known = before.differences.find(({ to }) => to === 'authz.restrict.maintenance')
  assert.equal(found?.from, 'none')
  assert.equal(found?.count, (known?.count ?? 0) + CHECKS_COUNT)
  assert.equal(await countedByMetric(), compared)
  assert.ok(last.length >= CHECKS_COUNT && last.length <= 100)
  assert.deepEqual(
    last.map(({ at }) => at),
    last.map(({ at }) => at).sort((one, other) => (one < other ? 1 : -1)),
  )
})
