// Puts the product together in a few files. To find, read and link the thousand of its sources and
// its packages' took half of every start.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { root } from './prepare.mjs'

const OUT = join(root, 'dist/dvara')

/** Left as packages: they are, or read, files of their own that no bundle can hold. */
const EXTERNAL = [
  '@electric-sql/pglite',
  '@fastify/swagger-ui',
  '@node-rs/argon2',
  // A package loads it late and by its names: see `assertNamesAreKnown`.
  'cookie',
  'msgpackr-extract',
  'uWebSockets.js',
]

/** Packages written for `require` look for it when they are run. */
const BANNER = [
  "import { createRequire as requireOf } from 'node:module'",
  'const require = requireOf(import.meta.url)',
].join('\n')

// dist/dvara/: `main.js`, and in `parts/` what each command loads when it is asked for.
rmSync(OUT, { recursive: true, force: true })
const { metafile } = buildSync({
  absWorkingDir: root,
  entryPoints: {
    main: 'src/main.ts',
    // Started as a thread by what becomes one of the parts: found beside it.
    'parts/pglite-worker': 'src/store/pglite-worker.ts',
  },
  outdir: OUT,
  // As deep in dist/ as the sources' rooms: what they read beside it is where it was.
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: EXTERNAL,
  banner: { js: BANNER },
  // As Node has it from 21 on. Where there is none the Postgres driver tries a Response to learn
  // where it runs, for which Node loads all of fetch: 40 ms of each start.
  define: { navigator: JSON.stringify({ userAgent: 'Node.js' }) },
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  logLevel: 'warning',
  metafile: true,
})
assertNamesAreKnown(metafile.inputs)

/**
 * A file written for `require` has no names but `default` where it is a part of its own, which is
 * what a late `import()` makes of it. Our sources are held to that by a test, packages here.
 */
function assertNamesAreKnown(inputs) {
  const wrong = []
  for (const [file, { imports }] of Object.entries(inputs)) {
    if (!file.startsWith('node_modules/')) continue
    for (const { kind, path } of imports) {
      if (kind === 'dynamic-import' && inputs[path]?.format === 'cjs') {
        wrong.push(`${file} imports ${path}: name its package in EXTERNAL of .ci/bundle.mjs`)
      }
    }
  }
  if (wrong.length === 0) return
  process.stderr.write(`${wrong.join('\n')}\n`)
  process.exit(1)
}
