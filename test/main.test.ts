import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { MAIN } from './process/stack.ts'

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(argv: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const all = { ...process.env, ...env }
    execFile(process.execPath, [MAIN, ...argv], { env: all }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err })
    })
  })
}

test('dvara --help lists every command, each with what it is for', async () => {
  const { code, out } = await run(['--help'])
  assert.equal(code, 0)
  for (const word of [
    'dev',
    'authorizer',
    'identity',
    'migrate',
    'keys',
    'administrator',
    'restrictions',
    'policy',
    'explain',
    'members',
    'config',
  ]) {
    assert.match(out, new RegExp(`^  ${word} +[A-Z].*\\.$`, 'm'))
  }
})

test('dvara alone says the same', async () => {
  assert.equal((await run([])).out, (await run(['--help'])).out)
})

test('dvara COMMAND --help lists the settings that it reads', async () => {
  const { code, out } = await run(['authorizer', '--help'])
  assert.equal(code, 0)
  assert.match(out, /^usage: dvara authorizer/)
  assert.match(out, /--listen .*DVARA_LISTEN/)
  assert.ok(!out.includes('DVARA_SMTP_URL'))
})

test('dvara --version prints the version', async () => {
  assert.match((await run(['--version'])).out, /^\d+\.\d+\.\d+\n$/)
})

test('an unknown command is one clear line and exit code 2', async () => {
  const { code, err } = await run(['autorizer'])
  assert.equal(code, 2)
  assert.equal(err, 'dvara: there is no command "autorizer"; see dvara --help\n')
})

test('a word that every object has is no command', async () => {
  assert.equal((await run(['constructor'])).code, 2)
})

test('bad configuration is all of its problems at once and exit code 2', async () => {
  const { code, err } = await run(['authorizer'], { DVARA_WORKERS: 'many', DVARA_LISTN: 'x' })
  assert.equal(code, 2)
  for (const name of ['DVARA_WORKERS', 'DVARA_LISTN', 'DVARA_REDIS_URL', 'DVARA_DATABASE_URL']) {
    assert.ok(err.includes(name), `${name} is missing in: ${err}`)
  }
})

test('dvara config prints what is in force and no secret', async () => {
  const env = { DVARA_REDIS_URL: 'redis://:canary-7f3a@127.0.0.1', DVARA_WORKERS: '3' }
  for (const argv of [['config'], ['config', '--json']]) {
    const { code, out, err } = await run(argv, env)
    assert.equal(code, 0, err)
    assert.ok(out.includes('3'))
    assert.ok(!out.includes('canary-7f3a'))
  }
})

test('dvara migrate without a database to reach is one line and exit code 1', async () => {
  const env = { DVARA_DATABASE_URL: 'postgres://x:canary-7f3a@127.0.0.1:1/x' }
  const { code, err } = await run(['migrate'], env)
  assert.equal(code, 1)
  assert.match(err, /^dvara: .+\n$/)
  assert.ok(!err.includes('canary-7f3a'))
})

test('dvara authorizer without a key says which command makes one', async () => {
  const { code, err, out } = await run(['authorizer'], {
    DVARA_REDIS_URL: 'redis://127.0.0.1:1',
    DVARA_DATABASE_URL: 'postgres://x@127.0.0.1:1/x',
    DVARA_KEYS_DIRECTORY: '/nowhere/keys',
  })
  assert.equal(code, 1)
  assert.match(err + out, /dvara keys generate/)
})
