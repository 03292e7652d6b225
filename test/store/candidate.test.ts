import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { loadCandidate, readCandidate } from '../../src/store/candidate.ts'

const BOTH = `version: 1
public:
  - /open
  - /Open
default_audience: [dvara]
permissions:
  - { role: m, verb: GET, path: /a, action: ACCEPT }
  - { role: m, verb: GET, path: /b, action: ACCEPT }
`

test('routes and rows may stand in one file, and each has its line', () => {
  const read = readCandidate(BOTH)
  assert.equal(read.permissions?.length, 2)
  assert.deepEqual(read.written?.public, ['/open', '/Open'])
  assert.equal(read.table, undefined)
  assert.equal(read.problems.length, 1)
  assert.equal(read.lineOf('public[1]'), 4)
  assert.equal(read.lineOf('permissions[1].path'), 8)
  assert.equal(read.lineOf('permissions[1].topic'), 8)
  assert.equal(read.lineOf('nothing'), undefined)
})

test('rows may stand alone, as a list, in YAML or JSON', () => {
  const row = { role: 'm', verb: 'GET', path: '/a', action: 'DROP' }
  for (const text of [JSON.stringify([row]), JSON.stringify({ permissions: [row] })]) {
    const read = readCandidate(text)
    assert.deepEqual(read.problems, [])
    assert.deepEqual(read.permissions, [{ ...row, id: 0, topic: null }])
    assert.equal(read.written, undefined)
    assert.equal(read.lineOf('permissions[0]'), 1)
  }
})

test('restrictions may stand beside them, or alone', () => {
  const read = readCandidate(`restrictions:
  - { category: blacklist, scope: ip, value: 192.0.2.1 }
  - { category: blacklist, scope: country, value: 192.0.2.1 }
`)
  assert.equal(read.permissions, undefined)
  assert.equal(read.restrictions?.length, 1)
  assert.deepEqual(read.problems, ['`restrictions[1].value` is no country'])
  assert.equal(read.lineOf('restrictions[1].value'), 3)
})

test('what is no policy says so', async () => {
  for (const text of ['', '5', 'a: [', '{}', 'x: &a [*a]']) {
    assert.ok(readCandidate(text).problems.length > 0, text)
  }
  assert.match(
    (await loadCandidate('/nowhere/p.yml')).problems[0] ?? '',
    /cannot be read \(ENOENT\)/,
  )
})

for (const page of ['limits.md', 'policy-tools.md']) {
  test(`the policies in docs/${page} can be read as they stand there`, () => {
    const text = readFileSync(join(projectRoot, 'docs', page), 'utf8')
    const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml]) => yaml ?? '')
    assert.ok(examples.length > 0)
    for (const yaml of examples) assert.deepEqual(readCandidate(yaml).problems, [])
  })
}
