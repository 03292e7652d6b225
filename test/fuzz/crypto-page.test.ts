import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { blocksOf } from '../documents/text.ts'
import { TARGETS } from './targets.ts'

const page = readFileSync(join(projectRoot, 'docs/crypto.md'), 'utf8')
const built = new URL('../../', import.meta.url).href

/** Runs a block as a reader would, but on what was built for these tests. */
function runBlock(script: string): { status: number | null; stderr: string } {
  const here = script.replaceAll("'./dist/", `'${built}`)
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', here], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
  return { status, stderr }
}

const examples = blocksOf(page).filter((block) => block.info === 'js')

for (const { line, text } of examples) {
  test(`docs/crypto.md, line ${line}: the example runs`, () => {
    assert.match(text, /from '\.\/dist\//)
    assert.match(text, /assert\./)
    const { status, stderr } = runBlock(text)
    assert.equal(status, 0, stderr)
  })
}

test('there are examples of signing, verifying, hashing and MACs', () => {
  const all = examples.map(({ text }) => text).join('\n')
  for (const name of ['createEd25519Signers', 'createEd25519Keys', 'createP256Signers']) {
    assert.ok(all.includes(name), name)
  }
  for (const name of ['createP256Keys', 'createHmacKeys', 'sha256', 'sha512']) {
    assert.ok(all.includes(name), name)
  }
})

test('an example that is wrong would be found', () => {
  assert.equal(runBlock("import assert from 'node:assert'\nassert.equal(1, 2)").status, 1)
})

test('every file of wasm/assembly has its place on the page', () => {
  const named = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .join('\n')
  const files = readdirSync(join(projectRoot, 'wasm/assembly'))
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => {
      const names = [file, `wasm/assembly/${file}`, file.replace(/^(ed25519|p256)/, '')]
      return !names.some((name) => named.includes(`\`${name}\``))
    })
  assert.deepEqual(files, [])
})

test('the map of the page has the regions of layout.ts in their order', () => {
  const layout = readFileSync(join(projectRoot, 'wasm/assembly/layout.ts'), 'utf8')
  const regions = [...layout.matchAll(/^export const ([A-Z0-9_]+): usize = ([A-Z0-9_]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !/_(MAX|BYTES|END|STRIDE|HEAD|OFFSET)$|LANES/.test(name))
  const rows = [...page.matchAll(/^\| (?:below )?`(\w+)`/gm)].map(([, name = '']) => name)
  assert.ok(regions.length > 8, `${regions}`)
  assert.deepEqual(
    rows.filter((name) => regions.includes(name)),
    regions,
  )
})

test('the targets that the page names are targets', () => {
  const names = Object.values(TARGETS).flatMap((targets) => targets.map(({ name }) => name))
  for (const [, name = ''] of page.matchAll(/--only ([\w-]+)/g))
    assert.ok(names.includes(name), name)
})
