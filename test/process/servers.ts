import { join } from 'node:path'
import { needBinary } from './binaries.ts'
import { answers, type RunningServer, startProcess } from './child.ts'
import { copyCluster, postgresTemplate } from './cluster.ts'
import { createFolder, findPort, removeFolder } from './folders.ts'

export { type Binary, findBinary, requireBinary } from './binaries.ts'
export { type ProcessOptions, type RunningServer, startProcess } from './child.ts'
export { type Echo, headerValues, type Received, startEcho, WEBSOCKET_GREETING } from './echo.ts'
export { createFolder, findPort, removeFolder } from './folders.ts'

/** Another process may take a port between the moment it is found free and its use. */
const STARTS_MAX = 3

export interface RedisOptions {
  /** More of redis-server's arguments, as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[]
  /** Keep the data over `kill` and `restart` (an append-only file). Default: it is lost. */
  readonly isDurable?: boolean
}

/** A Redis of one's own on loopback; its `url` starts with `redis://`. */
export function startRedis(options: RedisOptions = {}): Promise<RunningServer> {
  return startAnew('redis', async (folder, port) => {
    const durability = options.isDurable === true ? 'yes' : 'no'
    return startProcess({
      name: 'redis',
      command: needBinary('redis-server'),
      args: [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
        ...['--save', '', '--appendonly', durability, '--appendfsync', 'no'],
        ...['--daemonize', 'no', '--loglevel', 'notice', ...(options.args ?? [])],
      ],
      ready: () => answers(port, Buffer.from('PING\r\n'), '+PONG'),
      port,
      url: `redis://127.0.0.1:${port}`,
      folder,
      unprivileged: true,
    })
  })
}

export interface PostgresOptions {
  /** Server settings, as `{ log_statement: 'all' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Without fsync a commit costs a write to the system's memory: it survives a kill of Postgres. */
const POSTGRES_SETTINGS = {
  listen_addresses: '127.0.0.1',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  autovacuum: 'off',
  jit: 'off',
  timezone: 'UTC',
}

/** A Postgres of one's own, empty, on loopback; its `url` signs in as superuser, no password. */
export function startPostgres(options: PostgresOptions = {}): Promise<RunningServer> {
  return startAnew('postgres', async (folder, port) => {
    const data = join(folder, 'data')
    await copyCluster(await postgresTemplate(), data)
    const settings = { ...POSTGRES_SETTINGS, ...options.settings }
    return startProcess({
      name: 'postgres',
      command: needBinary('postgres'),
      args: [
        ...['-D', data, '-p', String(port), '-k', folder],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      ready: () => answers(port, POSTGRES_STARTUP, 'R'),
      port,
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      folder,
      unprivileged: true,
      stopSignal: 'SIGINT',
    })
  })
}

/** A server that is still starting up refuses this with `E`; one that serves answers `R`. */
const POSTGRES_STARTUP = (() => {
  const body = Buffer.from('\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1')
  const head = Buffer.alloc(4)
  head.writeInt32BE(body.length + 4)
  return Buffer.concat([head, body])
})()

async function startAnew(
  name: string,
  start: (folder: string, port: number) => Promise<RunningServer>,
): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    const folder = await createFolder(name)
    try {
      return await start(folder, await findPort())
    } catch (error) {
      await removeFolder(folder)
      if (attempt === STARTS_MAX || !/in use/i.test(String(error))) throw error
    }
  }
}
