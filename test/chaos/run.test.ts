import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom, HELP, parseWanted } from './run.ts'
import { chooseFaults, scheduleFaults } from './schedule.ts'

test('what is not said has a default', () => {
  const { seed, ...rest } = parseWanted(['--'])
  assert.match(seed, /^[0-9a-f]{12}$/)
  assert.deepEqual(rest, {
    ...{ minutes: 3, probesMax: Number.POSITIVE_INFINITY, workersCount: 8 },
    ...{ only: undefined, scene: undefined, isJson: false },
  })
})

const REFUSED: readonly (readonly string[])[] = [
  ['--minutes', '0'],
  ['--minutes', 'x'],
  ['--probes', '0'],
  ['--probes', '1e7'],
  ['--workers', '65'],
  ['--only', 'R4,R99'],
  ['--unknown'],
  ['--scene', 'G1'],
  ['--scene', 'G9', '--times', '0'],
  ['--times', '5'],
]
for (const words of REFUSED) {
  test(`${words.join(' ')} is refused`, () => assert.throws(() => parseWanted(words)))
}

test('help names every option', () => {
  for (const name of ['minutes', 'probes', 'seed', 'workers', 'only', 'scene', 'times', 'json']) {
    assert.match(HELP, new RegExp(`^  --${name} `, 'm'))
  }
})

test('a scene is played as often as its goal says, or as often as wanted', () => {
  assert.deepEqual(parseWanted(['--scene', 'G10']).scene, { name: 'G10', times: 100 })
  const few = parseWanted(['--scene', 'G9', '--times', '3'])
  assert.deepEqual(few.scene, { name: 'G9', times: 3 })
})

test('a seed repeats the order of the faults, and each comes once before any comes again', () => {
  const { names } = chooseFaults(undefined, true)
  const draw = () => {
    const schedule = scheduleFaults(names, createRandom('a seed'))
    return Array.from({ length: 2 * names.length }, () => schedule.next().value)
  }
  assert.deepEqual(draw(), draw())
  assert.deepEqual(new Set(draw().slice(0, names.length)), new Set(names))
})

test('a fault that the stand cannot have is skipped by name', () => {
  const { names, skipped } = chooseFaults(['R8', 'R9'], false)
  assert.deepEqual([names, [...skipped]], [['R8'], [['R9', 'there is no replica']]])
})
