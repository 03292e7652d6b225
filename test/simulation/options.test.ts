import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HELP, parseWanted } from './options.ts'
import { THEME_NAMES } from './plan.ts'

test('what is not said has a default', () => {
  const { jobs, ...rest } = parseWanted(['--'])
  assert.ok(jobs >= 1)
  assert.deepEqual(rest, { seeds: 2_000, first: 1, theme: undefined, isTraced: false })
})

test('what is said is read', () => {
  const words = ['--seeds', '5', '--seed', '7', '--jobs', '3', '--theme', 'storm', '--trace']
  assert.deepEqual(parseWanted(words), {
    ...{ seeds: 5, first: 7, jobs: 3, theme: 'storm', isTraced: true },
  })
})

const REFUSED = [
  { words: ['--seeds', '0'], says: '--seeds takes a whole number above 0, not 0.' },
  { words: ['--seed', '1.5'], says: '--seed takes a whole number above 0, not 1.5.' },
  { words: ['--jobs', 'all'], says: '--jobs takes a whole number above 0, not all.' },
  { words: ['--theme', 'rain'], says: `--theme takes one of ${THEME_NAMES.join(', ')}.` },
  { words: ['--fast'], says: "Unknown option '--fast'. --help lists the options." },
]
for (const { words, says } of REFUSED) {
  test(`${words.join(' ')} is refused`, () => {
    assert.throws(() => parseWanted(words), { message: says })
  })
}

test('help names every option', () => {
  for (const name of ['seeds', 'seed', 'jobs', 'theme', 'trace']) {
    assert.match(HELP, new RegExp(`^  --${name} `, 'm'))
  }
})
