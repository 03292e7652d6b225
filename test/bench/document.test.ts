import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { replaceBetween, tableOf } from '../../bench/document.ts'

const PAGE = `# Title

<!-- bench:one -->
old
<!-- /bench:one -->

words between

<!-- bench:two -->
<!-- /bench:two -->
`

describe('the part of a page between markers', () => {
  test('is replaced, and everything else is left as it was', () => {
    const page = replaceBetween(PAGE, 'one', '\nnew\n')
    assert.equal(page, PAGE.replace('\nold\n', '\n\nnew\n\n'))
  })

  test('is replaced again to the same effect', () => {
    const once = replaceBetween(PAGE, 'two', 'table')
    assert.equal(replaceBetween(once, 'two', 'table'), once)
    assert.match(once, /<!-- bench:two -->\n\ntable\n\n<!-- \/bench:two -->\n$/)
  })

  test('may hold what a pattern of replacement would take as its own', () => {
    assert.match(replaceBetween(PAGE, 'one', 'costs $& and $1'), /costs \$& and \$1/)
  })

  const broken: readonly [string, string][] = [
    ['there is no beginning', PAGE.replace('<!-- bench:one -->', '')],
    ['there is no end', PAGE.replace('<!-- /bench:one -->', '')],
    ['there are two beginnings', PAGE.replace('words', '<!-- bench:one -->')],
    ['there are two ends', PAGE.replace('old', '<!-- /bench:one -->')],
    ['the end comes first', '<!-- /bench:one --> <!-- bench:one -->'],
  ]
  for (const [title, page] of broken) {
    test(`is not touched where ${title}`, () =>
      assert.throws(() => replaceBetween(page, 'one', 'new'), /once each/))
  }
})

test('a table sets numbers to the right and keeps bars inside their cell', () => {
  assert.equal(
    tableOf(['What', 'Times', 'Verdict'], [['a|b', '1.5', 'must']], [0, 2]),
    ['| What | Times | Verdict |', '|---|--:|---|', '| a\\|b | 1.5 | must |'].join('\n'),
  )
})
