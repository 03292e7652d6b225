import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { watchKeyring, watchKeyrings } from '../../src/crypto/keyring-watch.ts'

type Reloaded = { ok: true } | { ok: false; problem: string }

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('a key renamed into place is read; a refused ring is said and watched on', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'dvara-keyring-'))
  const reloaded: Reloaded = { ok: true }
  const next = { outcome: reloaded as Reloaded }
  let reloads = 0
  const refused: string[] = []
  const watch = watchKeyring({
    directory,
    keyring: {
      reload: async () => {
        reloads++
        return next.outcome
      },
    },
    everyMs: 5,
    onRefused: (problem) => refused.push(problem),
  })
  t.after(async () => {
    watch.close()
    await rm(directory, { recursive: true })
  })
  await new Promise((resolve) => setTimeout(resolve, 40))
  assert.equal(reloads, 0)

  const partial = `${directory}.partial`
  await writeFile(partial, '{}')
  await rename(partial, join(directory, 'a.json'))
  await until(() => reloads === 1)
  assert.deepEqual(refused, [])

  next.outcome = { ok: false, problem: 'a.json: no key' }
  await rm(join(directory, 'a.json'))
  await until(() => refused.length === 1)
  assert.deepEqual(refused, ['a.json: no key'])
})

test('a reload that throws is said too, and never rejects', async (t) => {
  const refused: string[] = []
  const watch = watchKeyring({
    directory: '/nowhere',
    keyring: {
      reload: async () => {
        throw new Error('the disk is gone')
      },
    },
    everyMs: 1e6,
    onRefused: (problem) => refused.push(problem),
  })
  t.after(() => watch.close())
  await watch.look()
  assert.deepEqual(refused, ['the disk is gone'])
})

test('rings in one directory or in several are read together', async () => {
  const reloads = { one: 0, other: 0 }
  const refused: string[] = []
  const ringOf = (name: keyof typeof reloads) => ({
    directory: join(tmpdir(), `dvara-none-${name}`),
    keyring: {
      reload: async (): Promise<Reloaded> => {
        reloads[name]++
        return name === 'one' ? { ok: true } : { ok: false, problem: 'unfit' }
      },
    },
  })
  const watch = watchKeyrings({
    rings: [ringOf('one'), ringOf('other')],
    everyMs: 1000,
    onRefused: (problem) => refused.push(problem),
  })
  await watch.look()
  assert.deepEqual(reloads, { one: 1, other: 1 })
  assert.deepEqual(refused, ['unfit'])
  watch.close()
})
