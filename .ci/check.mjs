// npm run check: what needs no running server. All is run, then all that failed is named.
import { join } from 'node:path'
import { checkTypes, prepare, root, run, say } from './prepare.mjs'

prepare()
const node = process.execPath
const bin = (path) => join(root, 'node_modules', path)
const program = (...args) => {
  return () => run(node, args)
}
const CHECKS = [
  ['types', checkTypes],
  [
    'lint and format',
    program(bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'),
  ],
  [
    'tidy',
    program('--enable-source-maps', '--test', '--test-reporter=dot', 'dist/test/tidy.test.js'),
  ],
  ['dead code', program(bin('knip/bin/knip.js'))],
  ['docs in step', program(join(root, '.ci/docs.mjs'), '--check')],
]

const failed = []
for (const [name, judge] of CHECKS) {
  const startedMs = Date.now()
  const code = judge()
  say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${Date.now() - startedMs} ms)`)
  if (code !== 0) failed.push(name)
}
if (failed.length > 0) {
  say(`Checks that failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
