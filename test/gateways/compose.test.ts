import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { projectRoot } from '../../src/config/root.ts'
import { createFolder, removeFolder } from '../process/servers.ts'

interface Service {
  readonly image: string
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
}

const run = promisify(execFile)
const read = (path: string) => readFile(join(projectRoot, path), 'utf8')

/** What can be seen of the arrangement without a container engine. */
describe('docker/compose.yml', () => {
  let text = ''
  let services: Record<string, Service> = {}
  before(async () => {
    text = await read('docker/compose.yml')
    services = (parse(text, { merge: true }) as { services: typeof services }).services
  })

  test('mounts the shipped nginx as it is, and only the addresses anew', async () => {
    const mounts = (services.nginx?.volumes ?? []).map((volume) => volume.split(':'))
    const files = ['nginx.conf', 'listen.conf']
    for (const file of await readdir(join(projectRoot, 'nginx/dvara'))) files.push(`dvara/${file}`)
    assert.deepEqual(
      mounts.map(([, target]) => target).sort(),
      files.map((file) => `/etc/dvara/${file}`).sort(),
    )
    for (const [source = '', target = '', mode] of mounts) {
      assert.equal(mode, 'ro', source)
      await stat(join(projectRoot, 'docker', source))
      const isAddress = /(listen|upstreams)\.conf$/.test(target)
      assert.equal(source.startsWith('./nginx/'), isAddress, source)
    }
  })

  test('gives nginx the same upstreams as the example, under other names', async () => {
    const plain = (config: string) =>
      config.replaceAll(/^#.*$/gm, '').replaceAll(/server \S+:/g, 'server NAME:')
    assert.equal(
      plain(await read('docker/nginx/upstreams.conf')),
      plain(await read('nginx/dvara/upstreams.conf')),
    )
  })

  test('publishes one port, on the host’s loopback', () => {
    const published = Object.values(services).flatMap(({ ports }) => ports ?? [])
    assert.deepEqual(published, ['127.0.0.1:8080:8080'])
  })

  test('pins a version of every foreign image', () => {
    for (const [name, { image }] of Object.entries(services)) {
      assert.match(image, image === 'dvara' ? /^dvara$/ : /:v?\d+\.?\d*/, name)
    }
  })

  test('refuses to start without a password', () => {
    const named = [...text.matchAll(/(?<!\$)\$\{(\w+)(:[?-])/g)]
    assert.ok(named.length > 0)
    for (const [, name = '', mark] of named) {
      if (name.endsWith('PASSWORD')) assert.equal(mark, ':?', name)
    }
  })
})

describe('docker/secrets.sh', () => {
  let folder = ''
  before(async () => {
    folder = await createFolder('secrets')
    await cp(join(projectRoot, 'docker/secrets.sh'), join(folder, 'secrets.sh'))
  })
  after(() => removeFolder(folder))

  test('writes what compose.yml requires, for its owner alone, and never twice', async () => {
    await run('sh', [join(folder, 'secrets.sh')])
    const file = join(folder, '.env')
    const written = await readFile(file, 'utf8')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    const required = (await read('docker/compose.yml')).matchAll(/\$\{(\w+):\?/g)
    for (const [, name = ''] of required) {
      assert.match(written, new RegExp(`^${name}=\\S+$`, 'm'))
    }
    const passwords = [...written.matchAll(/PASSWORD=(\S+)/g)].map(([, value = '']) => value)
    assert.equal(new Set(passwords).size, 2)
    for (const password of passwords) assert.match(password, /^[0-9a-f]{48}$/)

    await run('sh', [join(folder, 'secrets.sh')])
    assert.equal(await readFile(file, 'utf8'), written)
  })
})
