// npm run bench [-- NAME… OPTIONS]: what it needs is found or installed, as for npm test.
import { spawn } from 'node:child_process'
import { BENCH_PACKAGES, gatherNeighbours } from './neighbours.mjs'
import { prepare, root, say } from './prepare.mjs'

/** A terminal tells the whole group: told twice, it would end before it has cleaned up. */
const FORWARDED_AFTER_MS = 1_000

prepare()
const absent = gatherNeighbours(BENCH_PACKAGES)
if (absent.length > 0) say(`Not here, and so not measured: ${absent.join(', ')}`)

const runner = spawn(
  process.execPath,
  ['--enable-source-maps', 'dist/bench/run.js', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void setTimeout(() => runner.kill(signal), FORWARDED_AFTER_MS).unref())
}
runner.once('exit', (code) => {
  process.exitCode = code ?? 1
})
