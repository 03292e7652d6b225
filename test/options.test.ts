import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHelpWanted, readOptions } from './options.ts'

const OPTIONS = { seed: { type: 'string', default: '1' }, json: { type: 'boolean' } } as const

test('options are read, also behind the dashes that npm leaves', () => {
  assert.equal(readOptions(['--', '--seed', '7'], OPTIONS).seed, '7')
  assert.equal(readOptions([], OPTIONS).seed, '1')
})

const REFUSED = [
  { words: ['--speed', '7'], says: "Unknown option '--speed'" },
  { words: ['-x'], says: "Unknown option '-x'" },
  { words: ['--seed'], says: "Option '--seed <value>' argument missing" },
  { words: ['--json=yes'], says: "Option '--json' does not take an argument" },
  { words: ['more'], says: "Unexpected argument 'more'" },
]
for (const { words, says } of REFUSED) {
  test(`${words.join(' ')} is refused in one line`, () => {
    assert.throws(
      () => readOptions(words, OPTIONS),
      ({ message }: Error) => {
        assert.ok(message.startsWith(says), message)
        assert.match(message, /^[^\n]+\. --help lists the options\.$/)
        return true
      },
    )
  })
}

test('help is asked for in two ways', () => {
  assert.deepEqual([['--help'], ['x', '-h'], ['--seed', '1']].map(isHelpWanted), [
    true,
    true,
    false,
  ])
})
