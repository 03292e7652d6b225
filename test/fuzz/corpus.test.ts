import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { keep, readCorpus } from './corpus.ts'
import { TARGETS } from './targets.ts'

const TARGETS_BY_NAME = new Map(
  Object.values(TARGETS)
    .flat()
    .map((target) => [target.name, target]),
)

for (const { file, kept } of readCorpus()) {
  test(`${file}: both agree`, async () => {
    const target = TARGETS_BY_NAME.get(kept.target)
    assert.ok(target, `no target is called ${kept.target}`)
    const { judge, stop } = target.start()
    try {
      assert.equal(await judge(kept.input), undefined, kept.from)
    } finally {
      await stop?.()
    }
  })
}

test('a kept case comes back as it was, and twice kept is one file', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'dvara-corpus-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const input = { key: Buffer.of(0, 255), items: [{ text: 'é', at: 3, isGood: false }], none: [] }
  const kept = { target: 'one', from: 'a test', input }
  assert.equal(keep(kept, directory), keep({ ...kept, from: 'again' }, directory))
  keep({ ...kept, input: { ...input, none: [1] } }, directory)
  const found = readCorpus(directory)
  assert.equal(found.length, 2)
  assert.ok(found.every(({ file }) => /^one-[0-9a-f]{8}\.json$/.test(file)))
  assert.ok(found.some((each) => each.kept.from === 'again'))
  assert.deepEqual(found.find((each) => each.kept.from === 'again')?.kept.input, input)
})
