import { spawn } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { putDatabase } from '../process/embedded.ts'
import { createFolder, startProcess } from '../process/servers.ts'

/** What the commands of a page meet: a fresh `dvara dev`, and the words they use for it. */
export interface DocumentedDvara {
  readonly folder: string
  /**
   * DVARA, IDENTITY and OPS are base addresses; EMAIL and PASSWORD the administrator's;
   * DVARA_DATA_DIRECTORY is where dev.json lies. The command `dvara` is there as well.
   */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

interface DevFile {
  readonly authorizer: string
  readonly identity: string
  readonly ops: string
  readonly admin: { readonly email: string; readonly password: string }
}

const BLOCK_MS_MAX = 60_000

export async function startDocumented(mainFile: string): Promise<DocumentedDvara> {
  const folder = await createFolder('documents')
  const data = join(folder, '.dvara')
  await mkdir(data, { mode: 0o700 })
  await putDatabase(data)
  const server = await startProcess({
    name: 'dvara dev',
    command: process.execPath,
    args: [mainFile, 'dev'],
    cwd: folder,
    env: {
      DVARA_DATA_DIRECTORY: data,
      DVARA_LISTEN: '127.0.0.1:0',
      DVARA_IDENTITY_LISTEN: '127.0.0.1:0',
      DVARA_OPS_LISTEN: '127.0.0.1:0',
    },
    ready: { line: /dvara is up/ },
    readyMs: 60_000,
    folder,
  })
  const dev = JSON.parse(await readFile(join(data, 'dev.json'), 'utf8')) as DevFile
  return {
    folder,
    environment: {
      DVARA: dev.authorizer,
      IDENTITY: dev.identity,
      OPS: dev.ops,
      EMAIL: dev.admin.email,
      PASSWORD: dev.admin.password,
      DVARA_DATA_DIRECTORY: data,
      MAIN_FILE: mainFile,
    },
    stop: () => server.stop(),
  }
}

/**
 * Runs one block as a reader would who pastes it: what it prints, or an error if a command fails.
 * Files, variables and functions last from one block to the next, as in one shell.
 */
export async function runBlock(dvara: DocumentedDvara, script: string): Promise<string> {
  const memory = join(dvara.folder, '.exported')
  const whole = [
    `if [ -f '${memory}' ]; then . '${memory}'; fi`,
    // Everything that is set is exported, so that the next block can be told of it.
    'set -aeuo pipefail',
    'dvara() { node "$MAIN_FILE" "$@"; }',
    script,
    `{ export -p; declare -f; } > '${memory}'`,
  ].join('\n')
  const child = spawn('bash', ['-c', whole], {
    cwd: dvara.folder,
    env: { ...process.env, ...dvara.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: BLOCK_MS_MAX,
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      printed += part.toString()
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`ended with ${code}:\n$ ${script}\n${printed}`)
  return printed
}
