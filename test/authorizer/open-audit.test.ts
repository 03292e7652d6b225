import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openAuditing } from '../../src/authorizer/open-audit.ts'
import type { Activity } from '../../src/core/activity.ts'
import { createFindings } from '../../src/core/findings.ts'
import type { Permission } from '../../src/core/rule.ts'
import { compileRules } from '../../src/core/rule.ts'
import { type Answer, deny } from '../../src/core/verdict.ts'
import { checkOf, factsOf, policyOf } from '../core/facts.ts'
import { grantOf } from '../core/granted.ts'
import { createFolder, removeFolder } from '../process/servers.ts'

const ROWS: readonly Permission[] = [
  { id: 1, role: 'member', verb: 'ALL', path: '/', action: 'ACCEPT', topic: null },
  { id: 2, role: 'member', verb: 'POST', path: '/api', action: 'AUDIT', topic: 'watched' },
]
const POST = { method: 'POST', path: '/api/v2/admin/users', foldedPath: '/api/v2/admin/users' }
const ALLOW: Answer = grantOf({
  ...{ authorization: 'Bearer a.b.c', user: 'ID0000000001', role: 'member' },
})

async function auditing(directory: string, isAway = false) {
  const written: Activity[] = []
  const opened = openAuditing({
    config: { spillDirectory: directory },
    activities: {
      async append(batch) {
        if (isAway) throw new Error('away')
        written.push(...batch)
      },
    },
    metrics: { countActivities: () => undefined },
    sayFault: () => undefined,
    policy: () => ({ ...policyOf(), rules: compileRules(ROWS).rules }),
    idOf: (decision) => `id-${decision}`,
    countryOf: () => 'JP',
  })
  const found = { ...createFindings(), principal: factsOf().principal }
  return { ...opened, written, found }
}

test('an allow that a row watches, and a refusal by the rules, are written down', async () => {
  const { observe, drain, written, found } = await auditing('unused')
  const check = checkOf({ ...POST, query: 'uid=ID77' })
  observe('nginx', ALLOW, check, 5, 1, found)
  observe('nginx', deny('authz.invalid_permission'), checkOf({ path: '/x' }), 5, 2, found)
  await drain()
  const { id, atMs, ...rest } = written[0] as Activity
  assert.ok(id.endsWith('.1') && Math.abs(atMs - Date.now()) < 60_000)
  assert.deepEqual(rest, {
    ...{ category: 'admin', uid: 'ID0000000001', kind: 'user', targetUid: 'ID77' },
    ...{ address: check.address.text, country: 'JP', userAgent: check.userAgent },
    ...{ topic: 'watched', action: 'create', result: 'succeed', reason: '' },
    ...{ decisionId: 'id-1', method: 'POST', path: POST.path },
  })
  assert.deepEqual(
    [written[1]?.result, written[1]?.reason, written[1]?.topic, written[1]?.decisionId],
    ['denied', 'authz.invalid_permission', 'general', 'id-2'],
  )
})

test('nothing else is: unwatched, unproven, or refused for another reason', async () => {
  const { observe, drain, written, found } = await auditing('unused')
  observe('nginx', ALLOW, checkOf({ ...POST, method: 'GET' }), 5, 1, found)
  observe('nginx', ALLOW, checkOf(POST), 5, 2, createFindings())
  observe('nginx', ALLOW, undefined, 5, 3, found)
  observe('nginx', deny('authz.invalid_session'), checkOf(POST), 5, 4, found)
  await drain()
  assert.deepEqual(written, [])
})

test('what cannot be handed over at the end is in a file', async (t) => {
  const folder = await createFolder('audit')
  t.after(() => removeFolder(folder))
  const directory = join(folder, 'spill')
  const { observe, drain, found } = await auditing(directory, true)
  observe('nginx', ALLOW, checkOf(POST), 5, 1, found)
  await drain()
  assert.equal((await readdir(directory)).length, 1)
})
