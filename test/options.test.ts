import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readOptions, readWanted, readWords } from './options.ts'

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

test('words may stand among the options where they are asked for', () => {
  const { values, positionals } = readWords(['path', '--seed', '7'], OPTIONS)
  assert.deepEqual([values.seed, positionals], ['7', ['path']])
})

test('what is wanted is handed on as it was read', () => {
  assert.equal(
    readWanted(['x'], 'help', ([word]) => word),
    'x',
  )
})

for (const room of ['chaos', 'fuzz', 'simulation']) {
  test(`the command of ${room} says its options, and refuses others in a line`, () => {
    const file = fileURLToPath(new URL(`./${room}/run.js`, import.meta.url))
    const ask = (word: string) =>
      spawnSync(process.execPath, [file, word], { encoding: 'utf8', timeout: 60_000 })
    const helped = ask('--help')
    assert.deepEqual([helped.status, helped.stderr], [0, ''])
    assert.match(helped.stdout, /^npm run \w+ -- /)
    const refused = ask('--speed')
    assert.deepEqual([refused.status, refused.stdout], [2, ''])
    assert.equal(refused.stderr, "Unknown option '--speed'. --help lists the options.\n")
  })
}
