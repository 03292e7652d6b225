import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { describeSetting, pinning, versionOf } from '../../bench/machine.ts'
import { BENCHMARKS } from '../../bench/run.ts'

const file = fileURLToPath(new URL('../../bench/run.js', import.meta.url))
const run = (...args: string[]) =>
  spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' })

describe('npm run bench', () => {
  test('lists what there is, a line each', () => {
    const { status, stdout } = run('--list')
    assert.equal(status, 0)
    const names = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0])
    assert.deepEqual(names, Object.keys(BENCHMARKS))
  })

  test('refuses what it does not know, with nothing on standard output', () => {
    const { status, stdout, stderr } = run('crypto', '--josn')
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /--josn is not known/)
  })
})

test('the setting says on what, with what and when', () => {
  const setting = describeSetting('core 1, by taskset')
  assert.match(setting.machine, /, \d+ cores, \d+ GiB, \w+ \w+$/)
  assert.equal(setting.node, process.version)
  assert.ok(Math.abs(Date.parse(setting.date) - Date.now()) < 60_000)
  assert.equal(setting.pinned, 'core 1, by taskset')
})

test('pinning either works on this machine or says why not', () => {
  const { before, pinned } = pinning()
  if (before.length === 0) {
    assert.match(pinned, /^not pinned/)
  } else {
    const [command = '', ...args] = before
    const script = "require('node:os').availableParallelism()"
    const ran = spawnSync(command, [...args, process.execPath, '-p', script], { encoding: 'utf8' })
    assert.equal(ran.stdout.trim(), '1')
  }
})

test('a package’s version is the installed one', () => {
  assert.match(versionOf('fast-jwt'), /^\d+\.\d+\.\d+/)
})
