import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPolicy, type PolicyChange } from '../../src/authorizer/policy.ts'
import { screen } from '../../src/core/decide.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Restriction } from '../../src/core/restriction.ts'
import type { Permission } from '../../src/core/rule.ts'
import { checkOf, PERMISSIONS } from '../core/facts.ts'

const GOOD = 'version: 1\npublic: [/open]\ndefault_audience: [dvara]\n'

async function world(t: { after(fn: () => Promise<void>): void }, text = GOOD) {
  const folder = await mkdtemp(join(tmpdir(), 'dvara-policy-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'policy.yml')
  await writeFile(file, text)
  const rows = {
    list: PERMISSIONS as readonly Permission[],
    restrictions: [] as readonly Restriction[],
    fault: undefined as Fault | undefined,
    /** A letter for each load: permissions, restrictions. */
    loads: '',
  }
  const changes: PolicyChange[] = []
  const faults: unknown[] = []
  const open = async () => {
    const holder = await openPolicy({
      policyFile: file,
      policies: {
        async loadPermissions() {
          if (rows.fault !== undefined) throw rows.fault
          rows.loads += 'p'
          return { version: 1, rows: rows.list }
        },
        async loadRestrictions() {
          if (rows.fault !== undefined) throw rows.fault
          rows.loads += 'r'
          return rows.restrictions
        },
      },
      cookieName: 'sid',
      isCsrfRequired: true,
      binding: 'strict',
      onChange: (change) => changes.push(change),
      onFault: (fault) => faults.push(fault),
    })
    await holder.load()
    return holder
  }
  return { file, rows, changes, faults, open }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('a policy is compiled from the file and the rows', async (t) => {
  const { open } = await world(t)
  const holder = await open()
  assert.equal(screen(checkOf({ path: '/open/x' }), holder.current())?.kind, 'allow')
  assert.ok(holder.current().rules.has('member'))
  assert.ok(!holder.isStale())
})

test('a start with a broken file is refused with every problem', async (t) => {
  const { open } = await world(t, 'version: 3\npublic: 7\n')
  await assert.rejects(open, /`version` must be 1[\s\S]*`public` must be a list/)
})

test('a replaced file is in force soon after, and a broken one changes nothing', async (t) => {
  const { file, changes, open } = await world(t)
  const holder = await open()
  t.after(async () => holder.close())
  holder.watch(5)
  await writeFile(`${file}.new`, GOOD.replace('/open', '/wide'))
  await rename(`${file}.new`, file)
  await until(() => changes.some((one) => one.outcome === 'loaded' && one.source === 'file'))
  assert.equal(screen(checkOf({ path: '/wide' }), holder.current())?.kind, 'allow')
  assert.equal(screen(checkOf({ path: '/open' }), holder.current()), undefined)

  await writeFile(file, 'version: 1\npublic: nonsense\n')
  await until(() => changes.some((one) => one.outcome === 'refused'))
  assert.equal(screen(checkOf({ path: '/wide' }), holder.current())?.kind, 'allow')

  await rm(file)
  await until(() => changes.filter((one) => one.outcome === 'refused').length === 2)
  assert.equal(screen(checkOf({ path: '/wide' }), holder.current())?.kind, 'allow')
})

test('changed rows make the policy stale until they are compiled', async (t) => {
  const { rows, open } = await world(t)
  const holder = await open()
  const before = holder.current()
  rows.list = []
  holder.permissionsChanged()
  assert.ok(holder.isStale())
  assert.ok(await holder.refresh())
  assert.ok(!holder.isStale())
  assert.equal(holder.current().rules.size, 0)
  assert.equal(before.rules.size, 1)
})

test('rows that cannot be loaded leave the policy stale, and are asked for again', async (t) => {
  const { rows, faults, open } = await world(t)
  const holder = await open()
  rows.fault = new Fault('store_unavailable')
  holder.permissionsChanged()
  assert.ok(!(await holder.refresh()))
  assert.ok(holder.isStale())
  assert.equal(faults.length, 1)
  rows.fault = undefined
  assert.ok(await holder.refresh())
  assert.ok(!holder.isStale())
})

test('a change during a load is not lost', async (t) => {
  const { rows, open } = await world(t)
  const holder = await open()
  holder.permissionsChanged()
  rows.list = []
  holder.permissionsChanged()
  assert.ok(await holder.refresh())
  assert.equal(holder.current().rules.size, 0)
})

test('a row that no path can match is named and the others hold', async (t) => {
  const { rows, changes, open } = await world(t)
  rows.list = [...PERMISSIONS, { ...(PERMISSIONS[0] as Permission), id: 7, path: '/a/../b' }]
  const holder = await open()
  assert.ok(
    changes.some((one) => one.outcome === 'partial' && /permission 7/.test(one.problems[0] ?? '')),
  )
  assert.ok(holder.current().rules.has('member'))
})

test('changed restrictions do not reload the permissions, nor the other way round', async (t) => {
  const { rows, changes, open } = await world(t)
  const holder = await open()
  assert.deepEqual([...rows.loads].sort().join(''), 'pr')
  rows.restrictions = [
    { id: 1, category: 'maintenance', scope: 'all', value: 'all', code: 471, state: 'enabled' },
  ]
  holder.restrictionsChanged()
  assert.ok(holder.isStale() && holder.areRestrictionsStale())
  assert.ok(await holder.refresh())
  assert.equal(holder.current().restrictions.count, 1)
  holder.permissionsChanged()
  assert.ok(holder.isStale() && !holder.areRestrictionsStale())
  assert.ok(await holder.refresh())
  assert.equal(rows.loads.slice(2), 'rp')
  assert.equal(holder.current().restrictions.count, 1)
  assert.ok(changes.some((one) => one.outcome === 'loaded' && one.source === 'restrictions'))
})

test('a restriction that can match nothing is named and the others hold', async (t) => {
  const { rows, changes, open } = await world(t)
  const row = { category: 'blacklist', scope: 'ip', code: 401, state: 'enabled' } as const
  rows.restrictions = [
    { id: 8, ...row, value: 'nonsense' },
    { id: 9, ...row, value: '10.0.0.1' },
  ]
  const holder = await open()
  assert.equal(holder.current().restrictions.count, 1)
  assert.ok(changes.some((one) => one.outcome === 'partial' && one.source === 'restrictions'))
})
