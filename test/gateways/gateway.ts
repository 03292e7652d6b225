import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'
import { createFolder, findPort, type RunningServer } from '../process/servers.ts'

/** The four addresses that a gateway's configuration names. */
export interface Ports {
  readonly gateway: number
  readonly authorizer: number
  readonly identity: number
  readonly application: number
}

/** A gateway as the scenarios know it: how to start it, and in what it differs from the others. */
export interface Gateway {
  readonly name: string
  /** Where it asks the authorizer. */
  readonly address: string
  /** Starts the real binary with the configuration that the repository ships. */
  start(binary: string, ports: Ports): Promise<RunningServer>
  /** What a client gets while the authorizer cannot answer. */
  readonly unavailableStatus: number
  /** Whether it gives a hanging authorizer up within seconds. */
  readonly isPatienceBounded: boolean
  /** Whether it can say so in the words of the authorizer. */
  readonly isUnavailableWorded: boolean
  /** Whether our session cookie is taken out before the upstream. */
  readonly isCookieStripped: boolean
}

/** The ports that stand in shipped configurations; nothing else in them is replaced. */
const SHIPPED_PORTS = {
  gateway: 8080,
  authorizer: 9090,
  identity: 9091,
  application: 3000,
} as const

const NAMES = ['gateway', 'authorizer', 'identity', 'application'] as const

/** Copies a shipped folder; in the files named, its four ports are replaced by those in use. */
export async function copyConfig(
  shipped: string,
  filesWithPorts: readonly string[],
  ports: Ports,
): Promise<string> {
  const folder = await createFolder('gateway')
  await cp(join(projectRoot, shipped), folder, { recursive: true })
  for (const file of filesWithPorts) {
    let text = await readFile(join(folder, file), 'utf8')
    for (const name of NAMES) {
      text = text.replaceAll(new RegExp(`\\b${SHIPPED_PORTS[name]}\\b`, 'g'), String(ports[name]))
    }
    await writeFile(join(folder, file), text)
  }
  return folder
}

/** A free port for the gateway itself, in front of servers that already run. */
export async function choosePorts(behind: Omit<Ports, 'gateway'>): Promise<Ports> {
  return { ...behind, gateway: await findPort() }
}
