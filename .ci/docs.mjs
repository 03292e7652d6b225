// Writes the generated documents, or with --check says which are out of step.
// Run after a build: the renderers are read from dist/.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const at = process.argv.indexOf('--built')
const built = at === -1 ? join(root, 'dist') : resolve(process.argv[at + 1] ?? '')
const load = (file) => import(join(built, 'src', file))

const { renderConfigurationPage, renderEnvExample } = await load('config/render.js')
const { renderReasonsPage } = await load('telemetry/reasons-page.js')
const { renderMetricsPage } = await load('telemetry/metrics-page.js')

const pages = {
  '.env.example': renderEnvExample(),
  'docs/configuration.md': renderConfigurationPage(),
  'docs/reasons.md': renderReasonsPage(),
  'docs/metrics.md': renderMetricsPage(),
}

let behind = 0
for (const [file, text] of Object.entries(pages)) {
  const path = join(root, file)
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    continue
  }
  let found = ''
  try {
    found = readFileSync(path, 'utf8')
  } catch {
    // Missing is out of step like any other difference.
  }
  if (found === text) continue
  behind++
  console.error(`${file} is out of step with its source. Run: npm run docs`)
}
process.exitCode = behind === 0 ? 0 : 1
