import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blocksOf, headingsOf, linksOf, prose, runnableIn, slug } from './text.ts'

const PAGE = [
  '# Title',
  '',
  'See [there](other.md#part) and [out](https://example.org), not `[this](gone.md)`.',
  '',
  '```sh run',
  'echo one',
  '# not a heading, [not a link](x.md)',
  '```',
  '',
  '```text expected',
  'one',
  '  …',
  '```',
  '',
  '````md',
  '```sh run',
  'inner',
  '```',
  '````',
  '## `code` & more',
].join('\n')

test('blocks are found with their place, and a longer fence holds a shorter one', () => {
  const found = blocksOf(PAGE).map((block) => [block.info, block.line])
  assert.deepEqual(found, [
    ['sh run', 5],
    ['text expected', 10],
    ['md', 15],
  ])
})

test('a runnable block takes its expected lines from the block behind it', () => {
  const [first, ...others] = runnableIn(blocksOf(PAGE))
  assert.deepEqual(others, [])
  assert.deepEqual(first?.expected, ['one'])
  assert.match(first?.script ?? '', /^echo one\n/)
})

test('headings and links are those of the prose', () => {
  assert.deepEqual(headingsOf(PAGE), [
    { level: 1, title: 'Title' },
    { level: 2, title: '`code` & more' },
  ])
  assert.deepEqual(linksOf(PAGE), ['other.md#part'])
  assert.equal(prose(PAGE).split('\n').length, PAGE.split('\n').length)
})

test('a heading’s fragment is what Markdown renderers make of it', () => {
  assert.equal(slug('`code` & more'), 'code--more')
  assert.equal(slug('What it decides, and why'), 'what-it-decides-and-why')
})
