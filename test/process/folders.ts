import { rmSync } from 'node:fs'
import { chmod, chown, mkdtemp, realpath, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Servers that refuse to run as root run as this user and group: nobody. */
export const NOBODY = 65_534

export const isRoot = process.getuid?.() === 0

/** Below Linux's ephemeral range, so that no outgoing connection takes the port first. */
const PORT_FIRST = 15_000
const PORTS_COUNT = 17_000

const folders = new Set<string>()

process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/**
 * A new folder under the system's temporary one, removed by `removeFolder` or at exit.
 * Under root it belongs to nobody, so that unprivileged servers can write to it.
 */
export async function createFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), `dvara-${name}-`))
  folders.add(folder)
  if (isRoot) await chown(folder, NOBODY, NOBODY)
  await chmod(folder, 0o755)
  return folder
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  folders.delete(folder)
}

/** A loopback port that nobody listens on now; another process could still take it first. */
export async function findPort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = PORT_FIRST + Math.floor(Math.random() * PORTS_COUNT)
    if (await isPortFree(port)) return port
  }
  throw new Error(`no free port from ${PORT_FIRST} to ${PORT_FIRST + PORTS_COUNT} on loopback`)
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
