import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import {
  findBinary,
  findPort,
  type RunningServer,
  startProcess,
} from '../../test/process/servers.ts'
import { familyOf } from './cpu.ts'

/** The core of what is measured; everything else runs on the one that the command is kept on. */
const SERVER_CORE = 0
const LOAD_CORE = 1

const taskset = cpus().length > 1 ? findBinary('taskset') : undefined

/** What the report says of it. */
export const serverPlace =
  taskset === undefined
    ? 'not pinned apart: taskset or a second core is missing'
    : `measured server on core ${SERVER_CORE}; load, Redis and Postgres on core 1`

/** Both cores of a run, each with what it is for; none where nothing is pinned apart. */
export const places: readonly { readonly cores: string; readonly of: string }[] =
  taskset === undefined
    ? []
    : [
        { cores: String(SERVER_CORE), of: 'the server’s core' },
        { cores: String(LOAD_CORE), of: 'the generator’s core' },
      ]

/** Runs a command on these cores, as taskset spells them; as it is where nothing is pinned. */
export function onCores(
  cores: string,
  [program, ...args]: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  if (taskset === undefined) return [program, ...args]
  return [taskset, '-c', cores, program, ...args]
}

export interface Measured {
  readonly name: string
  readonly port: number
  readonly server: RunningServer
  /** All processes whose CPU counts. */
  pids(): readonly number[]
  stop(): Promise<void>
}

export interface MeasuredOptions {
  readonly name: string
  /** The program and what comes before its own arguments. */
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly port: number
  readonly folder?: string
  /** Which cores it may have, as taskset spells them; its own one if not said. */
  readonly cores?: string
  readonly readyMs?: number
  readonly ready?: () => Promise<boolean>
  readonly stopSignal?: NodeJS.Signals
}

/** Starts a server on the core of what is measured, and waits until it accepts. */
export async function startMeasured(options: MeasuredOptions): Promise<Measured> {
  const { name, command, args, port, cores = String(SERVER_CORE) } = options
  const [first, ...rest] = onCores(cores, [command, ...args])
  const server = await startProcess({
    name,
    command: first,
    args: rest,
    port,
    ready: options.ready ?? { port },
    readyMs: options.readyMs ?? 60_000,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.folder === undefined ? {} : { folder: options.folder }),
    ...(options.stopSignal === undefined ? {} : { stopSignal: options.stopSignal }),
  })
  const measured = { name, port, server, pids: () => familyOf(server.pid), stop }
  async function stop(): Promise<void> {
    running.delete(measured)
    await server.stop()
  }
  running.add(measured)
  return measured
}

/** While nothing is measured this process may have all cores: it prepares what will be. */
export async function onAllCores<T>(work: () => Promise<T>): Promise<T> {
  const isAnywhere = taskset === undefined || availableParallelism() > 1
  const place = (cores: string) => {
    if (!isAnywhere) spawnSync(taskset, ['-a', '-p', '-c', cores, String(process.pid)])
  }
  place(`0-${cpus().length - 1}`)
  try {
    return await work()
  } finally {
    place(String(LOAD_CORE))
  }
}

const running = new Set<Measured>()

/** Whatever was started and not stopped, as where opening the next one has failed. */
export async function stopRemaining(): Promise<void> {
  await Promise.all([...running].map((measured) => measured.stop()))
}

/** Starts one of our own small servers: a compiled file that takes its port as first argument. */
export async function startFile(
  name: string,
  file: URL,
  args: readonly string[] = [],
): Promise<Measured> {
  const port = await findPort()
  const own = [fileURLToPath(file), String(port), ...args]
  return startMeasured({ name, command: process.execPath, args: own, port })
}
