// npm test [-- NAME…]: everything, or the test files whose path contains one of the names.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writeGroups } from './groups.mjs'
import { gatherNeighbours } from './neighbours.mjs'
import { prepare, root, say } from './prepare.mjs'

/** A file that takes longer is stuck: it is ended and reported as failed. */
const FILE_MS_MAX = 300_000

prepare()
const absent = gatherNeighbours()
const isStrict = process.env.CI === 'true'
if (absent.length > 0) {
  say(`${isStrict ? 'Missing' : 'Skipped, for want of a program'}: ${absent.join(', ')}`)
}

const names = process.argv.slice(2).filter((argument) => argument !== '--')
const files = readdirSync(join(root, 'dist/test'), { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
  .sort()
if (files.length === 0) {
  say(`No test file's path contains ${names.join(' or ')}.`)
  process.exit(1)
}

// Named ones have a process each, with nobody beside them.
const modules =
  names.length === 0 ? writeGroups(root, files) : files.map((file) => join('dist/test', file))

const runner = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    // Two more than there are cores: servers that start and leases that end are waited for.
    `--test-concurrency=${availableParallelism() + 2}`,
    `--test-timeout=${FILE_MS_MAX}`,
    ...modules,
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal))
runner.once('exit', (code) => {
  if (isStrict && absent.length > 0) {
    say(`Failed: under CI=true these must be present: ${absent.join(', ')}`)
    process.exitCode = 1
  } else {
    process.exitCode = code ?? 1
  }
})
