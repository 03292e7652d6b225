// npm run check: what needs no running server. All is run, then all that failed is named.
import { join } from 'node:path'
import { prepare, root, run, say } from './prepare.mjs'

prepare()
const node = process.execPath
const bin = (path) => join(root, 'node_modules', path)
const CHECKS = [
  ['types', [bin('typescript/bin/tsc'), '-p', root, '--noEmit']],
  ['lint and format', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']],
  ['tidy', ['--enable-source-maps', '--test', '--test-reporter=dot', 'dist/test/tidy.test.js']],
  ['dead code', [bin('knip/bin/knip.js')]],
  ['docs in step', [join(root, '.ci/docs.mjs'), '--check']],
]

const failed = []
for (const [name, args] of CHECKS) {
  const startedMs = Date.now()
  const code = run(node, args)
  say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${Date.now() - startedMs} ms)`)
  if (code !== 0) failed.push(name)
}
if (failed.length > 0) {
  say(`Checks that failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
