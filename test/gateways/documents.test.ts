import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { blocksOf } from '../documents/text.ts'
import {
  createFolder,
  type Echo,
  findPort,
  removeFolder,
  requireBinary,
  startEcho,
  startProcess,
} from '../process/servers.ts'
import { type Product, startProduct } from './product.ts'

/** The pages, each with the program whose commands it gives; Barong's address needs none. */
const PAGES = [
  { page: 'nginx', binary: 'nginx' },
  { page: 'envoy', binary: 'envoy' },
  { page: 'caddy', binary: 'caddy' },
  { page: 'haproxy', binary: 'haproxy' },
  { page: 'traefik', binary: 'traefik' },
  { page: 'barong', binary: undefined },
] as const

let product: Product
let echo: Echo
before(async () => {
  product = await startProduct()
  echo = await startEcho()
})
after(async () => {
  await product?.server.stop()
  await echo?.stop()
})

for (const { page, binary } of PAGES) {
  const needed = binary === undefined ? { path: '', skip: false as const } : requireBinary(binary)
  describe(`the commands of docs/gateways/${page}.md`, { skip: needed.skip }, () => {
    test('start the gateway, and show what the page says', async (t) => {
      const folder = await createFolder(`page-${page}`)
      t.after(() => removeFolder(folder))
      const port = await findPort()
      const put = await copyConfigurations(folder, port)
      const [first, last] = shellBlocks(page)
      const path = `${dirname(needed.path)}:${process.env.PATH}`
      if (last !== undefined) {
        // Its last line is the gateway itself, which becomes the process that is ended.
        const lines = put(first as string).split('\n')
        lines.push((lines.pop() as string).replace(/^(.*&& )?/, '$1exec '))
        const gateway = await startProcess({
          name: page,
          command: 'bash',
          args: ['-ec', lines.join('\n')],
          cwd: folder,
          env: { PATH: path },
          ready: { port },
          port,
        })
        t.after(() => gateway.stop())
      }
      for (const line of put(last ?? (first as string)).split('\n')) {
        if (line.startsWith('#')) continue
        const printed = await runLine(line, folder, path)
        for (const said of expectedOf(line, put(last ?? (first as string)))) {
          assert.ok(printed.includes(said), `"${said}" is missing behind ${line}:\n${printed}`)
        }
      }
    })
  })
}

function shellBlocks(page: string): string[] {
  const text = readFileSync(join(projectRoot, `docs/gateways/${page}.md`), 'utf8')
  return blocksOf(text)
    .filter(({ info }) => info === 'sh')
    .map((block) => block.text)
}

/** The shipped folders, and how to spell their four documented ports as those of this test. */
async function copyConfigurations(folder: string, port: number): Promise<(text: string) => string> {
  const ports: Record<string, number> = {
    8080: port,
    9090: product.authorizerPort,
    9091: product.identityPort,
    3000: echo.port,
  }
  const put = (text: string) =>
    text.replace(/\b(8080|9090|9091|3000)\b/g, (known) => String(ports[known]))
  for (const name of ['nginx', 'docker']) {
    await cp(join(projectRoot, name), join(folder, name), { recursive: true })
    for (const entry of readdirSync(join(folder, name), { recursive: true }) as string[]) {
      const file = join(folder, name, entry)
      if (statSync(file).isFile()) writeFileSync(file, put(readFileSync(file, 'utf8')))
    }
  }
  return put
}

/** What `# 401 {"errors":…}` behind a command promises, or the line below it that begins so. */
function expectedOf(line: string, block: string): string[] {
  const lines = block.split('\n')
  const next = lines[lines.indexOf(line) + 1]
  const comment = / {2,}# (.*)$/.exec(line)?.[1] ?? (next?.startsWith('# ') ? next.slice(2) : '')
  const [, status, body] = /^(\d{3})[:,]? ?(.*)$/.exec(comment) ?? []
  if (status === undefined) return []
  const isQuoted = body?.startsWith('{') || body?.startsWith('authz.')
  return [` ${status}`, ...(isQuoted ? [body as string] : [])]
}

function runLine(line: string, cwd: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: path }
    execFile('bash', ['-ec', line], { cwd, env, timeout: 20_000 }, (error, out, err) => {
      if (error) reject(new Error(`${line}\n${error.message}\n${out}${err}`))
      else resolve(out + err)
    })
  })
}
