import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from './load.ts'
import { createFolder, removeFolder } from './servers.ts'
import { type SignedIn, type Stack, startStack } from './stack.ts'

/** Long, so that checks are still decided while Redis is away. */
const LEASE_MS = 9_000
/** What docs/operations.md promises of kill -9. */
const LOSS_MS_MAX = 100

let stack: Stack
let admin: SignedIn
let folder: string
let spill: string

before(async () => {
  folder = await createFolder('audit')
  spill = join(folder, 'spill')
  stack = await startStack({
    settings: { DVARA_LEASE_MS: String(LEASE_MS), DVARA_SPILL_DIRECTORY: spill },
  })
  admin = await stack.signIn()
})
after(async () => {
  await stack?.stop()
  await removeFolder(folder)
})

interface Row {
  readonly admin: { readonly uid: string }
  readonly target_uid: string
  readonly result: string
  readonly action: string
  readonly topic: string
  readonly path: string
  readonly decision_id: string
}

/** An administrator's change of somebody, as a gateway asks about it; watched by an AUDIT row. */
function change(target: string) {
  const headers = { 'X-CSRF-Token': admin.csrfToken }
  const uri = `/api/v2/admin/users?uid=${target}`
  return stack.ask({ cookie: admin.cookie, method: 'PUT', uri, headers })
}

async function rowsAbout(target: string): Promise<readonly Row[]> {
  const uri = `/api/v2/admin/activities/admin?target_uid=${target}`
  const { authorization } = await stack.ask({ cookie: admin.cookie, uri })
  const { body } = await stack.call('GET', uri, { headers: { authorization } })
  return JSON.parse(body) as readonly Row[]
}

async function untilRows(target: string, count: number): Promise<readonly Row[]> {
  let rows: readonly Row[] = []
  await until(`${count} rows about ${target}`, async () => {
    rows = await rowsAbout(target)
    return rows.length === count
  })
  return rows
}

test('what an AUDIT row watches can be read, with target and decision', async () => {
  assert.equal((await change('IDWATCHED')).status, 200)
  const [row] = await untilRows('IDWATCHED', 1)
  assert.deepEqual(
    [row?.result, row?.action, row?.topic, row?.path],
    ['succeed', 'update', 'admin', '/api/v2/admin/users'],
  )
  assert.match(row?.decision_id ?? '', /^[0-9a-z]{13}$/)
})

test('a refusal by the rules is written down with who it was', async () => {
  const member = await stack.addMember('curious')
  const said = await stack.ask({ ...member, uri: '/api/v2/admin/users?uid=IDDENIED' })
  assert.equal(said.reason, 'authz.invalid_permission')
  const [row] = await untilRows('IDDENIED', 1)
  assert.deepEqual([row?.admin.uid, row?.result, row?.action], [member.uid, 'denied', 'read'])
})

test('while Redis hangs they wait in files, and none is lost', async () => {
  assert.equal((await change('IDBEFORE')).status, 200)
  stack.redis.kill('SIGSTOP')
  try {
    for (let at = 0; at < 20; at++) {
      assert.equal((await change('IDHANGING')).status, 200)
      await pause(10)
    }
    await until('a file', async () => (await readdir(spill).catch(() => [])).length > 0)
  } finally {
    stack.redis.kill('SIGCONT')
  }
  await untilRows('IDHANGING', 20)
  await until('no file', async () => (await readdir(spill)).length === 0)
})

test('kill -9 while Redis hangs: what is older than 100 ms is in a file, and adopted', async () => {
  stack.redis.kill('SIGSTOP')
  for (let at = 0; at < 5; at++) assert.equal((await change('IDKILLED')).status, 200)
  await pause(LOSS_MS_MAX)
  stack.authorizer.kill('SIGKILL')
  await stack.authorizer.ended()
  stack.redis.kill('SIGCONT')
  await stack.authorizer.restart()
  await until('served again', async () => (await change('IDAGAIN')).status === 200)
  await untilRows('IDKILLED', 5)
})

test('SIGTERM loses nothing, not even what was answered an instant before', async () => {
  for (let at = 0; at < 5; at++) assert.equal((await change('IDTERM')).status, 200)
  stack.authorizer.kill('SIGTERM')
  await stack.authorizer.ended()
  await stack.authorizer.restart()
  await until('served again', async () => (await change('IDAGAIN')).status === 200)
  await untilRows('IDTERM', 5)
})
