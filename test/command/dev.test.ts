import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { copyDirectory } from '../process/embedded.ts'
import { createFolder, type RunningServer, removeFolder, startProcess } from '../process/servers.ts'
import { MAIN } from '../process/stack.ts'

interface DevFile {
  readonly authorizer: string
  readonly identity: string
  readonly ops: string
  readonly admin: { readonly email: string; readonly password: string }
}

let directory: string
let dev: RunningServer

const ANY_PORTS = {
  DVARA_LISTEN: '127.0.0.1:0',
  DVARA_IDENTITY_LISTEN: '127.0.0.1:0',
  DVARA_OPS_LISTEN: '127.0.0.1:0',
}

/** As a first start leaves it that was ended while it made the database. */
async function interrupt(folder: string): Promise<void> {
  await mkdir(join(folder, 'database', 'base'), { recursive: true })
  await writeFile(join(folder, 'database', 'PG_VERSION'), '17\n')
  await writeFile(join(folder, 'database.new'), '')
}

// Begun anew from what was interrupted: to make a database takes seconds, so it is done once here
// and once, in an empty folder, for the template of other tests.
before(async () => {
  directory = await createFolder('dev')
  await interrupt(directory)
  dev = await startProcess({
    name: 'dvara dev',
    command: process.execPath,
    args: [MAIN, 'dev', '--data-directory', directory],
    ready: { line: /^ask$/m },
    env: ANY_PORTS,
    readyMs: 60_000,
  })
})
after(async () => {
  await dev?.stop()
  await removeFolder(directory)
})

async function readDevFile(): Promise<DevFile> {
  return JSON.parse(await readFile(join(directory, 'dev.json'), 'utf8')) as DevFile
}

/** Starts a second one, which is expected to refuse. */
function refuse(env: Record<string, string>): Promise<{ code: number; err: string }> {
  return new Promise((resolve) => {
    const all = { ...process.env, ...ANY_PORTS, ...env }
    execFile(process.execPath, [MAIN, 'dev'], { env: all, timeout: 60_000 }, (error, _, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : -1, err })
    })
  })
}

test('a first start that was interrupted is begun anew', async () => {
  const found = await readdir(directory)
  assert.ok(found.includes('database') && !found.includes('database.new'), found.join(' '))
  assert.ok((await readdir(join(directory, 'database'))).includes('pg_wal'))
})

test('a stranger who pastes the tour sees a JWT and then a refusal', async () => {
  const tour = dev.logs().slice(dev.logs().indexOf('# 1.'))
  const out = await new Promise<string>((resolve, reject) => {
    const shell = execFile('bash', ['-e'], (error, text, err) => {
      if (error) reject(new Error(`${error.message}\n${err}`))
      else resolve(text)
    })
    shell.stdin?.end(tour)
  })
  assert.match(out, /"role":"superadmin"/)
  assert.match(out, /^HTTP\/1\.1 200 OK\r?\n(.+\r?\n)*Authorization: Bearer /m)
  assert.match(out, /^\{"iat":\d+,"exp":\d+,"sub":"session","iss":"dvara","aud":\["dvara"\]/m)
  assert.match(out, /^HTTP\/1\.1 401 Unauthorized/m)
  assert.match(out, /\{"errors":\["authz\.invalid_session"\]\}/)
})

test('the first start shows a random password once and keeps it for its owner alone', async () => {
  const { admin } = await readDevFile()
  assert.ok(dev.logs().includes(admin.password))
  assert.ok(admin.password.length >= 24)
  assert.equal((await stat(join(directory, 'dev.json'))).mode & 0o777, 0o600)
})

test('readiness, metrics and keys answer', async () => {
  const { ops, authorizer } = await readDevFile()
  assert.equal((await fetch(`${ops}/health/ready`)).status, 200)
  assert.match(await (await fetch(`${ops}/metrics`)).text(), /^dvara_build_info\{.*engine=.* 1$/m)
  const jwks = (await (await fetch(`${authorizer}/.well-known/jwks.json`)).json()) as {
    keys: { d?: string }[]
  }
  assert.equal(jwks.keys.length, 1)
  assert.equal(jwks.keys[0]?.d, undefined)
})

test('a directory that is in use is one clear line, and nothing is damaged', async () => {
  const { code, err } = await refuse({ DVARA_DATA_DIRECTORY: directory })
  assert.equal(code, 1)
  assert.match(err, new RegExp(`^dvara: .*in use by process ${dev.pid}.*\\n$`))
  const { ops } = await readDevFile()
  assert.equal((await fetch(`${ops}/health/ready`)).status, 200)
})

test('a second start keeps administrator, keys and sessions, and shows no password', async () => {
  const before = await readDevFile()
  const { headers } = await signIn(before)
  const cookie = headers.getSetCookie()[0]?.split(';', 1)[0] as string
  dev.kill('SIGTERM')
  assert.equal(await dev.ended(), 0)
  await dev.restart()
  const again = await readDevFile()
  assert.deepEqual(again.admin, before.admin)
  assert.ok(!dev.logs().includes(before.admin.password))
  const said = await fetch(`${again.authorizer}/authz/nginx`, {
    headers: {
      cookie,
      'user-agent': 'node',
      'x-original-method': 'GET',
      'x-original-uri': '/api/v2/resource/users/me',
      'x-real-ip': '127.0.0.1',
    },
  })
  assert.equal(said.status, 200, await said.text())
})

function signIn({ identity, admin }: DevFile): Promise<Response> {
  return fetch(`${identity}/api/v2/identity/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'node' },
    body: JSON.stringify(admin),
  })
}

for (const name of ['DVARA_LISTEN', 'DVARA_IDENTITY_LISTEN', 'DVARA_OPS_LISTEN']) {
  test(`a port of ${name} that is in use is one clear line`, async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as { port: number }
    const own = await copyDirectory()
    try {
      const env = { DVARA_DATA_DIRECTORY: own, [name]: `127.0.0.1:${port}` }
      const { code, err } = await refuse(env)
      assert.equal(code, 1, err)
      assert.match(err, new RegExp(`^dvara: .*${port}.* (in use|taken).*\\n$`))
    } finally {
      holder.close()
      await removeFolder(own)
    }
  })
}

test('a corrupt data directory is one clear line, and nothing in it is deleted', async () => {
  dev.kill('SIGTERM')
  await dev.ended()
  const database = join(directory, 'database')
  const version = (await readdir(database)).find((name) => name === 'PG_VERSION') as string
  await writeFile(join(database, version), 'nonsense')
  await writeFile(join(database, 'global', 'pg_control'), 'nonsense')
  const files = (await readdir(database, { recursive: true })).length
  const { code, err } = await refuse({ DVARA_DATA_DIRECTORY: directory })
  assert.equal(code, 1, err)
  assert.equal(err.trim().split('\n').length, 1, err)
  assert.match(err, /damaged|corrupt|cannot be opened/)
  assert.equal((await readdir(database, { recursive: true })).length, files)
})
