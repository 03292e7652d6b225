import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { projectRoot } from '../src/config/root.ts'
import { type DocumentedDvara, runBlock, startDocumented } from './documents/run.ts'
import { blocksOf, headingsOf, linksOf, prose, runnableIn, slug } from './documents/text.ts'
import { MAIN } from './process/stack.ts'
import { listFiles } from './tidy/source.ts'

const DOCUMENTS = [
  ...['README.md', 'BENCHMARKS.md'].filter((path) => existsSync(join(projectRoot, path))),
  ...['docs', 'nginx', 'docker', 'test/wire']
    .filter((folder) => existsSync(join(projectRoot, folder)))
    .flatMap(listFiles)
    .filter((path) => path.endsWith('.md')),
]
const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')

/** Words of an unfinished page. */
const UNFINISHED =
  /\b(TBD|fix-?me|XXX|lorem ipsum|coming soon|to be written|work in progress|to-?do)\b/i

describe('every document', () => {
  for (const path of DOCUMENTS) {
    test(`${path} has one title, no dead link, and is finished`, () => {
      const text = read(path)
      const titles = headingsOf(text).filter((heading) => heading.level === 1)
      assert.equal(titles.length, 1, `one line that starts with "# ": ${titles.length} found`)
      assert.doesNotMatch(prose(text), UNFINISHED)
      assert.deepEqual(
        linksOf(text).filter((link) => !isAlive(path, link)),
        [],
        'links that lead nowhere',
      )
    })
  }
})

test('the README is there, and short enough to be read', () => {
  assert(existsSync(join(projectRoot, 'README.md')), 'README.md is missing')
  assert(read('README.md').split('\n').length <= 151, 'README.md has more than 150 lines')
})

test('docs/dependencies.md names the packages of package.json, each once, and no other', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >
  const documented = (title: string) => {
    const section = read('docs/dependencies.md')
      .split(/^## /m)
      .find((part) => part.startsWith(title))
    assert(section !== undefined, `docs/dependencies.md has no section "${title}"`)
    return [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]).sort()
  }
  assert.deepEqual(documented('To run'), Object.keys(dependencies).sort())
  assert.deepEqual(documented('To build and test'), Object.keys(devDependencies).sort())
})

test('generated documents are in step with their source', () => {
  const built = join(dirname(fileURLToPath(import.meta.url)), '..')
  const command = ['.ci/docs.mjs', '--check', '--built', built]
  const { status, stderr } = spawnSync(process.execPath, command, {
    cwd: projectRoot,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})

/** Blocks marked `sh run` are commands that a reader pastes: in order, in one shell per page. */
for (const path of DOCUMENTS) {
  const blocks = runnableIn(blocksOf(read(path)))
  if (blocks.length === 0) continue
  describe(`the commands of ${path}`, () => {
    let dvara: DocumentedDvara
    before(async () => {
      dvara = await startDocumented(MAIN)
    })
    after(() => dvara.stop())
    for (const block of blocks) {
      test(`line ${block.line}`, async () => {
        const printed = await runBlock(dvara, block.script)
        for (const fragment of block.expected) {
          assert(printed.includes(fragment), `"${fragment}" is missing from:\n${printed}`)
        }
      })
    }
  })
}

function isAlive(from: string, link: string): boolean {
  const [path = '', fragment] = link.split('#')
  const target = path === '' ? from : join(dirname(from), path)
  if (!existsSync(join(projectRoot, target))) return false
  if (fragment === undefined || !target.endsWith('.md')) return true
  return headingsOf(read(target)).some((heading) => slug(heading.title) === fragment)
}
