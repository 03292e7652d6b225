import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseOptions } from '../../bench/options.ts'

const KNOWN = ['crypto', 'timing']
const PROGRAM = process.execPath
const parse = (args: readonly string[]) => parseOptions(args, KNOWN, KNOWN, ['x'])
const USUAL = {
  ...{ names: KNOWN, rounds: 25, seconds: 1, sessions: 1_000_000, rivals: {} },
  ...{ isJson: false, isList: false, pinned: undefined },
}

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
    ['seconds of each drive', ['--seconds', '10'], { seconds: 10 }],
    ['a program to compare', ['--rival', `x=${PROGRAM}`], { rivals: { x: PROGRAM } }],
    ['what the parent says of the core', ['--pinned', 'core 1'], { pinned: 'core 1' }],
  ]
  for (const [title, args, changed] of good) {
    test(title, () => assert.deepEqual(parse(args), { ...USUAL, ...changed }))
  }

  test('without a name only the usual ones run', () => {
    const options = parseOptions([], KNOWN, ['crypto'])
    assert.deepEqual(options, { ...USUAL, names: ['crypto'] })
  })

  const bad: readonly [string, readonly string[], RegExp][] = [
    ['an unknown name', ['cripto'], /cripto is not known\. Benchmarks: crypto, timing/],
    ['fewer rounds than a median needs', ['--rounds', '8'], /from 9 to/],
    ['rounds without a number', ['--rounds'], /whole number/],
    ['no time at all', ['--seconds', '0'], /from 1 to/],
    ['a rival without a path', ['--rival', 'x'], /NAME=PATH, and NAME is one of x\./],
    ['a rival that nobody can start', ['--rival', `y=${PROGRAM}`], /NAME is one of x\./],
    ['a rival that is not there', ['--rival', 'x=/nowhere/x'], /no program that we may run/],
    ['a rival that is no program', ['--rival', `x=${import.meta.filename}`], /no program/],
    ['fewer sessions than grow', ['--sessions', '10'], /from 10000 to/],
    ['half a round', ['--rounds', '9.5'], /whole number/],
  ]
  for (const [title, args, complaint] of bad) {
    test(`${title} is refused with a sentence`, () => assert.match(String(parse(args)), complaint))
  }
})
