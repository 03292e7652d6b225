import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseOptions } from '../../bench/options.ts'

const KNOWN = ['crypto', 'timing']
const USUAL = { names: KNOWN, rounds: 25, isJson: false, isList: false, pinned: undefined }

describe('the command line', () => {
  const good: readonly [string, readonly string[], object][] = [
    ['nothing means everything', [], {}],
    ['a name means that one', ['timing'], { names: ['timing'] }],
    [
      'rounds and JSON',
      ['crypto', '--rounds', '9', '--json'],
      {
        names: ['crypto'],
        rounds: 9,
        isJson: true,
      },
    ],
    ['a list', ['--list'], { isList: true }],
    ['what the parent says of the core', ['--pinned', 'core 1'], { pinned: 'core 1' }],
  ]
  for (const [title, args, changed] of good) {
    test(title, () => assert.deepEqual(parseOptions(args, KNOWN), { ...USUAL, ...changed }))
  }

  const bad: readonly [string, readonly string[], RegExp][] = [
    ['an unknown name', ['cripto'], /cripto is not known\. Benchmarks: crypto, timing/],
    ['fewer rounds than a median needs', ['--rounds', '8'], /from 9 to/],
    ['rounds without a number', ['--rounds'], /whole number/],
    ['half a round', ['--rounds', '9.5'], /whole number/],
  ]
  for (const [title, args, complaint] of bad) {
    test(`${title} is refused with a sentence`, () =>
      assert.match(String(parseOptions(args, KNOWN)), complaint))
  }
})
