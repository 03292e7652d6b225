import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FILE_BYTES_MAX, loadConfig, readEnvironment } from '../../src/config/load.ts'
import { Secret } from '../../src/config/secret.ts'
import type { ProcessName } from '../../src/config/setting.ts'
import type { Config } from '../../src/config/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'dvara-config-'))
after(() => rmSync(folder, { recursive: true }))

const CANARY = 'canary-91be'

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

function load(env: Record<string, string>, argv: string[] = [], process: ProcessName = 'dev') {
  const loaded = loadConfig({ process, env, argv })
  if (loaded.kind === 'refused') assert.fail(JSON.stringify(loaded.problems))
  return loaded
}

function refuse(env: Record<string, string>, argv: string[] = [], process: ProcessName = 'dev') {
  const loaded = loadConfig({ process, env, argv })
  if (loaded.kind === 'loaded') assert.fail('was taken')
  return loaded.problems.map((problem) => `${problem.setting}: ${problem.text}`)
}

test('without any choice every fallback holds', () => {
  const { config, sources } = load({})
  assert.deepEqual(config.listen, { kind: 'tcp', host: '127.0.0.1', port: 9090 })
  assert.deepEqual(config.trustedGateways, ['127.0.0.0/8', '::1/128'])
  assert.equal(config.sessionBinding, 'strict')
  assert.equal(config.redisUrl, undefined)
  assert.deepEqual([...new Set(Object.values(sources))], ['default'])
})

test('flag wins over variable, variable over file, file over fallback', () => {
  const file = write('order.yml', 'workers: 2\nleaseMs: 2001\nheartbeatMs: 251')
  const env = { DVARA_CONFIG_FILE: file, DVARA_WORKERS: '3', DVARA_LEASE_MS: '2002' }
  const { config, sources } = load(env, ['--workers', '4'])
  assert.deepEqual([config.workers, config.leaseMs, config.heartbeatMs], [4, 2002, 251])
  assert.equal(config.drainMs, 10_000)
  assert.deepEqual(
    [sources.workers, sources.leaseMs, sources.heartbeatMs, sources.drainMs],
    ['command line', 'environment', 'file', 'default'],
  )
})

test('--config-file wins over DVARA_CONFIG_FILE', () => {
  const file = write('flagged.yml', 'workers: 5')
  const { config } = load({ DVARA_CONFIG_FILE: '/does/not/exist' }, ['--config-file', file])
  assert.equal(config.workers, 5)
})

test('all problems are reported together, from every source', () => {
  const file = write('bad.yml', 'engine: fast\nnothing: 1')
  const env = {
    DVARA_CONFIG_FILE: file,
    DVARA_WORKERS: '0',
    DVARA_LISTN: 'x',
    DVARA_REDIS_URL: CANARY,
    DVARA_SESSION_IDLE_S: '90000',
  }
  const lines = refuse(env, ['--jwt-ttl-s', '4'], 'authorizer')
  const said = lines.join('\n')
  for (const name of ['engine', 'nothing', 'WORKERS', 'LISTN', 'REDIS_URL', '--jwt-ttl-s']) {
    assert.match(said, new RegExp(name))
  }
  assert.match(said, /DVARA_WORKERS: "0" is malformed, expected a whole number from 1 to 64/)
  assert.match(said, /DVARA_DATABASE_URL: dvara authorizer needs it/)
  assert.match(said, /DVARA_KEYS_DIRECTORY: dvara authorizer needs it/)
  assert.match(said, /DVARA_SESSION_IDLE_S, DVARA_SESSION_LIFETIME_S/)
  assert.equal(lines.length, 9, said)
  assert.ok(!said.includes(CANARY))
})

test('a wrong value is a problem even where a better source overrules it', () => {
  assert.equal(refuse({ DVARA_WORKERS: 'x' }, ['--workers', '2']).length, 1)
})

const REQUIRED: [ProcessName, string[]][] = [
  ['dev', []],
  ['config', []],
  ['administrator', ['DVARA_REDIS_URL', 'DVARA_DATABASE_URL']],
  ['restrictions', ['DVARA_REDIS_URL', 'DVARA_DATABASE_URL']],
  ['migrate', ['DVARA_DATABASE_URL']],
  ['keys', ['DVARA_KEYS_DIRECTORY']],
  ['authorizer', ['DVARA_REDIS_URL', 'DVARA_DATABASE_URL', 'DVARA_KEYS_DIRECTORY']],
]

for (const [process, names] of REQUIRED) {
  test(`dvara ${process} needs ${names.join(', ') || 'nothing'}`, () => {
    const loaded = loadConfig({ process, env: {}, argv: [] })
    const found = loaded.kind === 'refused' ? loaded.problems.map(({ setting }) => setting) : []
    assert.deepEqual(found.sort(), [...names].sort())
  })
}

test('a secret is read from a file without its last line break', () => {
  const file = write('redis', `redis://:${CANARY}@h\r\n`)
  const ways: [Record<string, string>, string[]][] = [
    [{ DVARA_REDIS_URL_FILE: file }, []],
    [{}, ['--redis-url-file', file]],
    [{ DVARA_CONFIG_FILE: write('secret.yml', `redisUrlFile: ${file}`) }, []],
  ]
  for (const [env, argv] of ways) {
    const { redisUrl } = load(env, argv).config
    assert.ok(redisUrl instanceof Secret)
    assert.equal(redisUrl.reveal(), `redis://:${CANARY}@h`)
  }
})

const BAD_SECRET_FILES: [string, () => string, RegExp][] = [
  ['missing', () => join(folder, 'none'), /cannot be read \(ENOENT\)/],
  ['a folder', () => folder, /cannot be read \(EISDIR\)/],
  ['too large', () => write('large', 'x'.repeat(FILE_BYTES_MAX + 1)), /larger than/],
  ['empty', () => write('empty', '\n'), /not shown/],
  ['not a URL', () => write('wrong', CANARY), /not shown/],
  ['two lines', () => write('two', `redis://h\nredis://${CANARY}`), /not shown/],
]

for (const [about, file, expected] of BAD_SECRET_FILES) {
  test(`a secret’s file that is ${about} is a problem and shows nothing`, () => {
    const said = refuse({ DVARA_REDIS_URL_FILE: file() }).join('\n')
    assert.match(said, expected)
    assert.ok(!said.includes(CANARY))
  })
}

test('keys that others may read are refused by the name of their file', () => {
  const file = write('keys', '0f'.repeat(32))
  chmodSync(file, 0o640)
  const said = refuse({ DVARA_SECRETS_KEY_FILE: file }).join('\n')
  assert.match(said, /DVARA_SECRETS_KEY_FILE: .*keys.* is open to others \(mode 0640\)/)
  chmodSync(file, 0o600)
  assert.equal(load({ DVARA_SECRETS_KEY_FILE: file }, []).config.secretsKey instanceof Secret, true)
})

test('a secret given both ways in one source is a problem', () => {
  const env = { DVARA_REDIS_URL: 'redis://h', DVARA_REDIS_URL_FILE: write('both', 'redis://h') }
  assert.match(refuse(env).join('\n'), /given beside/)
  assert.match(refuse({}, ['--workers', '1', '--workers', '2']).join('\n'), /given twice/)
})

test('a configuration file that cannot be read is a problem of whoever named it', () => {
  assert.match(
    refuse({ DVARA_CONFIG_FILE: '/does/not/exist' }).join(),
    /^DVARA_CONFIG_FILE: .*ENOENT/,
  )
  assert.match(refuse({}, ['--config-file', '/does/not/exist']).join(), /^--config-file: /)
})

test('the config is frozen, lists and addresses too', () => {
  const { config } = load({ DVARA_TRUSTED_PROXIES: '10.0.0.1', DVARA_OPS_LISTEN: '[::1]:1' })
  for (const value of [config, config.trustedProxies, config.opsListen, config.listen]) {
    assert.ok(Object.isFrozen(value))
  }
})

test('what a process requires is there by type', () => {
  const loaded = loadConfig({
    process: 'migrate',
    env: { DVARA_DATABASE_URL: 'postgres://h' },
    argv: [],
  })
  assert.equal(loaded.kind, 'loaded')
  if (loaded.kind !== 'loaded') return
  const required: Secret = loaded.config.databaseUrl
  const any: Config = loaded.config
  assert.equal(required.reveal(), 'postgres://h')
  assert.equal(any.redisUrl, undefined)
})

test('the environment is read as a copy', () => {
  const env = readEnvironment() as Record<string, string | undefined>
  assert.equal(env.PATH, process.env.PATH)
  env.PATH = 'changed'
  assert.notEqual(process.env.PATH, 'changed')
})
