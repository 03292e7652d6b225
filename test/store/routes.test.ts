import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { loadRouteTable, modifiedAtOf } from '../../src/store/routes.ts'

const GOOD = 'version: 1\npublic: [/open]\ndefault_audience: [dvara]\n'

async function write(t: { after(fn: () => Promise<void>): void }, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dvara-routes-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'policy.yml')
  await writeFile(file, text)
  return file
}

test('a good file is read', async (t) => {
  const read = await loadRouteTable(await write(t, GOOD))
  assert.ok('table' in read)
  assert.deepEqual(read.table.public, ['/open'])
})

test('the shipped policy is one that loads', async () => {
  const read = await loadRouteTable(join(projectRoot, 'src/authorizer/policy.yml'))
  assert.ok('table' in read)
})

for (const [name, text] of [
  ['not YAML', 'version: [1'],
  ['a key twice', `${GOOD}version: 1\n`],
  ['an alias', 'version: 1\npublic: &a [/x]\nblocked: *a\ndefault_audience: [x]\n'],
  ['empty', ''],
  ['cut off', GOOD.slice(0, 20)],
] as const) {
  test(`a file that is ${name} is refused`, async (t) => {
    const file = await write(t, text)
    assert.ok('problems' in (await loadRouteTable(file)))
  })
}

test('a file that is not there is a problem that names it', async () => {
  const read = await loadRouteTable('/nowhere/policy.yml')
  assert.deepEqual(read, { problems: ['/nowhere/policy.yml: cannot be read (ENOENT)'] })
})

test('a replaced file is told apart, and a missing one', async (t) => {
  const file = await write(t, GOOD)
  const before = await modifiedAtOf(file)
  await writeFile(file, `${GOOD}# more\n`)
  assert.notEqual(await modifiedAtOf(file), before)
  await rm(file)
  assert.equal(await modifiedAtOf(file), undefined)
})
