import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { loadConfig } from '../../src/config/load.ts'
import {
  renderConfig,
  renderConfigJson,
  renderConfigurationPage,
  renderEnvExample,
  renderHelp,
} from '../../src/config/render.ts'
import { projectRoot } from '../../src/config/root.ts'
import { listSettings, variableOf } from '../../src/config/settings.ts'

const CANARIES = ['canary-a1', 'canary-b2', 'canary-c3']
const [REDIS, POSTGRES, SMTP] = CANARIES

function loadWithCanaries() {
  const loaded = loadConfig({
    process: 'identity',
    env: {
      DVARA_REDIS_URL: `redis://:${REDIS}@h`,
      DVARA_DATABASE_URL: `postgres://u:${POSTGRES}@h/d`,
      DVARA_SMTP_URL: `smtp://u:${SMTP}@h`,
      DVARA_MAIL_FROM: 'a@example.org',
      DVARA_KEYS_DIRECTORY: '/keys',
      DVARA_CORS_ORIGINS: 'https://a.example,https://b.example',
    },
    argv: ['--workers', '3'],
  })
  if (loaded.kind === 'refused') assert.fail(JSON.stringify(loaded.problems))
  return loaded
}

test('no printing of the config shows a secret', () => {
  const { config, sources } = loadWithCanaries()
  const printings = [
    renderConfig(config, sources),
    renderConfigJson(config, sources),
    JSON.stringify(config),
    inspect(config, { depth: 9, showHidden: true }),
    `${Object.values(config)}`,
    renderHelp(),
    renderEnvExample(),
    renderConfigurationPage(),
  ]
  for (const printed of printings) {
    for (const canary of CANARIES) assert.ok(!printed.includes(canary))
  }
  assert.equal(printings[0]?.match(/=\[secret\]/g)?.length, 3)
})

test('the printed config says what holds and where it comes from', () => {
  const { config, sources } = loadWithCanaries()
  const text = renderConfig(config, sources)
  assert.match(text, /^DVARA_WORKERS=3 {2}# command line$/m)
  assert.match(text, /^DVARA_LISTEN=127\.0\.0\.1:9090 {2}# default$/m)
  assert.match(text, /^#DVARA_POLICY_FILE= {2}# default$/m)
  const json = JSON.parse(renderConfigJson(config, sources))
  assert.deepEqual(json.workers, { value: 3, source: 'command line' })
  assert.deepEqual(json.redisUrl, { value: '[secret]', source: 'environment' })
  assert.deepEqual(json.policyFile, { value: null, source: 'default' })
  assert.deepEqual(json.corsOrigins.value, ['https://a.example', 'https://b.example'])
  assert.equal(Object.keys(json).length, listSettings().length)
})

test('help, example and page name every setting', () => {
  for (const text of [renderHelp(), renderEnvExample(), renderConfigurationPage()]) {
    for (const { name } of listSettings()) assert.ok(text.includes(variableOf(name)), name)
  }
})

test('the help of a process names what it reads and no more', () => {
  const help = renderHelp('migrate')
  assert.match(help, /DVARA_DATABASE_URL/)
  assert.match(help, /--database-url-file PATH/)
  assert.doesNotMatch(help, /DVARA_WORKERS/)
  assert.doesNotMatch(help, /--database-url /)
  for (const line of help.split('\n')) assert.ok(line.length <= 100, line)
})

test('the example uncommented is a configuration that loads and changes nothing', () => {
  const env: Record<string, string> = {}
  for (const line of renderEnvExample().split('\n')) {
    const match = /^#(DVARA_[A-Z0-9_]+)=(.*)$/.exec(line)
    if (match !== null) env[match[1] as string] = match[2] as string
  }
  assert.equal(Object.keys(env).length, listSettings().length + 1)
  const loaded = loadConfig({ process: 'dev', env, argv: [] })
  const plain = loadConfig({ process: 'dev', env: {}, argv: [] })
  if (loaded.kind === 'refused' || plain.kind === 'refused') assert.fail('was refused')
  assert.deepEqual(loaded.config, plain.config)
})

const GENERATED: [string, () => string][] = [
  ['.env.example', renderEnvExample],
  ['docs/configuration.md', renderConfigurationPage],
]

for (const [file, render] of GENERATED) {
  test(`${file} is in step with the table; if not: npm run docs`, () => {
    assert.equal(readFileSync(join(projectRoot, file), 'utf8'), render())
  })
}
