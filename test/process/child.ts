import { type ChildProcess, spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { findBinary } from './binaries.ts'
import { isRoot, NOBODY, removeFolder } from './folders.ts'

export interface RunningServer {
  readonly name: string
  readonly url: string
  readonly port: number
  /** The process of the latest start. */
  readonly pid: number
  /** Ends it, waits until it is gone, and removes its folder. May be called twice. */
  stop(): Promise<void>
  /** Signals the main process only, as an operator would; it stays down until `restart`. */
  kill(signal: NodeJS.Signals): void
  /** Stops it if it runs, then starts it on the same port and data, and awaits readiness. */
  restart(): Promise<void>
  /** Resolves when the current process has ended, with its exit code or signal. */
  ended(): Promise<number | NodeJS.Signals>
  /** What it printed since its latest start; the oldest part is dropped beyond 256 KiB. */
  logs(): string
}

/** How to know that it serves: a port that accepts, a printed line, or a question of one's own. */
export type Ready = { port: number } | { line: RegExp } | (() => Promise<boolean>)

export interface ProcessOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly ready: Ready
  readonly port?: number
  /** Default `http://127.0.0.1:port`. */
  readonly url?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Removed by `stop`. */
  readonly folder?: string
  /** Under root, run as nobody. The command and its files must be readable by all. */
  readonly unprivileged?: boolean
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals
  /** Default 15 s. */
  readonly readyMs?: number
}

const LOG_CHARS_MAX = 262_144
const SHOWN_CHARS = 6_000
const POLL_MS = 15
const STOP_MS = 5_000
/** Postgres refuses to start while a process of a killed one still holds its memory. */
const RESTART_MS = 5_000

const setpriv = process.platform === 'linux' ? findBinary('setpriv') : undefined
const running = new Set<ChildProcess>()
let isGuarded = false

/** Starts a program in its own process group; it never outlives this process. */
export async function startProcess(options: ProcessOptions): Promise<RunningServer> {
  const port = options.port ?? ('port' in options.ready ? options.ready.port : 0)
  let current = launch(options)

  async function start(): Promise<void> {
    try {
      await untilReady(options, current)
    } catch (error) {
      await end(current, 'SIGKILL')
      throw error
    }
  }

  await start().catch(async (error: unknown) => {
    if (options.folder !== undefined) await removeFolder(options.folder)
    throw error
  })
  return {
    name: options.name,
    url: options.url ?? `http://127.0.0.1:${port}`,
    port,
    get pid() {
      return current.child.pid ?? -1
    },
    async stop() {
      await end(current, options.stopSignal ?? 'SIGTERM')
      if (options.folder !== undefined) await removeFolder(options.folder)
    },
    kill: (signal) => void current.child.kill(signal),
    async restart() {
      await end(current, options.stopSignal ?? 'SIGTERM')
      const deadlineMs = Date.now() + RESTART_MS
      for (;;) {
        current = launch(options)
        try {
          return await start()
        } catch (error) {
          if (Date.now() > deadlineMs) throw error
          await pause(POLL_MS)
        }
      }
    },
    ended() {
      hold(current, true)
      return current.ended
    },
    logs: () => current.logs(),
  }
}

interface Launched {
  readonly child: ChildProcess
  readonly ended: Promise<number | NodeJS.Signals>
  logs(): string
}

function launch(options: ProcessOptions): Launched {
  guard()
  const isDropped = options.unprivileged === true && isRoot
  const { command, args } = wrap(options, isDropped)
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(isDropped && setpriv === undefined ? { uid: NOBODY, gid: NOBODY } : {}),
  })
  running.add(child)
  let text = ''
  const append = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-LOG_CHARS_MAX)
  }
  child.stdout?.on('data', append)
  child.stderr?.on('data', append)
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('error', (error) => {
      append(Buffer.from(`${error.message}\n`))
      running.delete(child)
      resolve(127)
    })
    child.once('exit', (code, signal) => {
      running.delete(child)
      resolve(signal ?? code ?? 1)
    })
  })
  return { child, ended, logs: () => text }
}

/** The kernel ends the child when this process dies, even by SIGKILL, where setpriv exists. */
function wrap(options: ProcessOptions, isDropped: boolean): { command: string; args: string[] } {
  if (setpriv === undefined) return { command: options.command, args: [...options.args] }
  const signal = (options.stopSignal ?? 'SIGTERM').slice(3)
  const identity = isDropped ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
  const args = [...identity, `--pdeathsig=${signal}`, '--', options.command, ...options.args]
  return { command: setpriv, args }
}

async function untilReady(options: ProcessOptions, launched: Launched): Promise<void> {
  const deadlineMs = Date.now() + (options.readyMs ?? 15_000)
  let outcome: number | NodeJS.Signals | undefined
  void launched.ended.then((value) => {
    outcome = value
  })
  while (!(await isReady(options.ready, launched))) {
    const shown = launched.logs().slice(-SHOWN_CHARS)
    if (outcome !== undefined) {
      throw new Error(`${options.name} ended with ${outcome} before it was ready:\n${shown}`)
    }
    if (Date.now() > deadlineMs) {
      throw new Error(`${options.name} was not ready in time; it printed:\n${shown}`)
    }
    await pause(POLL_MS)
  }
  hold(launched, false)
  // Another process on the same port would answer too: ours must still be alive.
  if (outcome !== undefined || launched.child.exitCode !== null) {
    throw new Error(`${options.name} ended at once:\n${launched.logs().slice(-SHOWN_CHARS)}`)
  }
}

function isReady(ready: Ready, launched: Launched): Promise<boolean> {
  if (typeof ready === 'function') return ready().catch(() => false)
  if ('line' in ready) return Promise.resolve(ready.line.test(launched.logs()))
  return answers(ready.port)
}

/**
 * Sends bytes to a loopback port and tells whether the first ones back begin as expected;
 * with nothing to send, whether the port accepts a connection at all.
 */
export function answers(port: number, sent?: Uint8Array, expected = ''): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (isAnswered: boolean) => {
      socket.destroy()
      resolve(isAnswered)
    }
    socket.setTimeout(2_000, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => (sent === undefined ? settle(true) : socket.write(sent)))
    socket.once('data', (bytes) => settle(bytes.toString('latin1').startsWith(expected)))
  })
}

async function end(launched: Launched, signal: NodeJS.Signals): Promise<void> {
  const { child, ended } = launched
  hold(launched, true)
  if (running.has(child)) {
    child.kill(signal)
    const patience = new AbortController()
    await Promise.race([ended, pause(STOP_MS, undefined, { signal: patience.signal })])
    patience.abort()
  }
  killGroup(child)
  await ended
}

/** A test file that failed before `stop` shall end and report, not wait for its servers. */
function hold({ child }: Launched, isHeld: boolean): void {
  for (const part of [child, child.stdout as Socket | null, child.stderr as Socket | null]) {
    if (isHeld) part?.ref()
    else part?.unref()
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Nobody is left in the group.
  }
}

/** A timed-out test file is ended by SIGTERM, which would skip the handlers of `exit`. */
function guard(): void {
  if (isGuarded) return
  isGuarded = true
  process.once('exit', () => {
    for (const child of running) killGroup(child)
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1))
  }
}
