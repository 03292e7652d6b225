import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { putDatabase } from '../process/embedded.ts'
import { createFolder, findPort, type RunningServer, startProcess } from '../process/servers.ts'
import { MAIN } from '../process/stack.ts'

/** Both processes of the real product, on data of their own. */
export interface Product {
  readonly server: RunningServer
  readonly authorizerPort: number
  readonly identityPort: number
  readonly admin: { readonly email: string; readonly password: string }
  /** The text of the letter to this address, once it is in the outbox. */
  letterTo(email: string): Promise<string>
}

/** A login is over so long after it began: the shortest that the settings allow. */
export const LIFETIME_MS = 10_000

const LETTER_MS = 5_000

const POLICY = `version: 1
public: [/api/v2/identity, /public]
blocked: [/internal, /api/v2/blocked, /authz]
preflight: [/api/v2/orders]
audiences: [{ prefix: /api/v2/ledger, audience: [ledger, audit] }]
default_audience: [dvara]
limits: [{ name: once, prefixes: [/api/v2/once], rate: 1/h }]
`

/** Starts `dvara dev`; it has answered a health question when this resolves. */
export async function startProduct(): Promise<Product> {
  const folder = await createFolder('gateways')
  const data = join(folder, 'data')
  const policy = join(folder, 'policy.yml')
  const notes = join(data, 'dev.json')
  await writeFile(policy, POLICY)
  await mkdir(data, { mode: 0o700 })
  await putDatabase(data)
  const [authorizerPort, identityPort, opsPort] = [
    await findPort(),
    await findPort(),
    await findPort(),
  ]
  const server = await startProcess({
    name: 'dvara dev',
    command: process.execPath,
    args: [MAIN, 'dev'],
    cwd: folder,
    env: {
      DVARA_LISTEN: `127.0.0.1:${authorizerPort}`,
      DVARA_IDENTITY_LISTEN: `127.0.0.1:${identityPort}`,
      DVARA_OPS_LISTEN: `127.0.0.1:${opsPort}`,
      DVARA_DATA_DIRECTORY: data,
      DVARA_POLICY_FILE: policy,
      DVARA_SESSION_LIFETIME_S: String(LIFETIME_MS / 1000),
      DVARA_SESSION_IDLE_S: String(LIFETIME_MS / 1000),
      DVARA_JWT_TTL_S: '5',
      DVARA_ARGON2_MEMORY_KIB: '8192',
    },
    ready: async () => existsSync(notes) && (await isReady(opsPort)),
    readyMs: 60_000,
    port: authorizerPort,
    folder,
  })
  return {
    server,
    authorizerPort,
    identityPort,
    admin: readAdmin(notes),
    letterTo: (email) => awaitLetter(join(data, 'outbox'), email),
  }
}

async function isReady(opsPort: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${opsPort}/health/ready`)
  return answer.status === 200
}

function readAdmin(notes: string): Product['admin'] {
  const written: unknown = JSON.parse(readFileSync(notes, 'utf8'))
  const { admin } = written as { admin: Product['admin'] }
  return admin
}

async function awaitLetter(outbox: string, email: string): Promise<string> {
  const deadlineMs = Date.now() + LETTER_MS
  while (Date.now() < deadlineMs) {
    const names = existsSync(outbox) ? readdirSync(outbox) : []
    for (const name of names.filter((each) => each.endsWith('.eml'))) {
      const letter = readFileSync(join(outbox, name), 'utf8')
      // Undo quoted-printable (RFC 2045 §6.7), which breaks lines inside the link.
      if (letter.includes(email)) return letter.replaceAll('=\n', '').replaceAll('=3D', '=')
    }
    await pause(20)
  }
  throw new Error(`no letter to ${email} came`)
}
