import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AutocannonRequest } from 'autocannon'
import autocannon from 'autocannon'
import { projectRoot } from '../../src/config/root.ts'
import { createFolder, findBinary, removeFolder } from '../../test/process/servers.ts'
import { runChild } from './child.ts'
import type { Workload } from './workload.ts'

/** What came of some seconds of asking as fast as answers come (a closed loop). */
export interface Driven {
  readonly requests: number
  readonly elapsedMs: number
  /** Answers of 400 and more. */
  readonly refused: number
  /** Requests that got no answer. */
  readonly failed: number
  /** Of all answers together. */
  readonly bytes: number
  readonly p50Us: number
  readonly p99Us: number
}

export interface Drive {
  readonly port: number
  readonly workload: Workload
  readonly seconds: number
  readonly connections: number
}

/** Asks with so many connections at once. */
export type Driver = (drive: Drive) => Promise<Driven>

const wrk = findBinary('wrk')

/** The quickest there is: wrk where it is installed, or else autocannon. */
export const driverName = wrk === undefined ? 'autocannon' : 'wrk'

export const drive: Driver = (options) =>
  wrk === undefined ? driveAutocannon(options) : driveWrk(wrk, options)

/** Longer than any drive; a driver that hangs must not hang the run. */
const GRACE_MS = 20_000

async function driveWrk(
  binary: string,
  { port, workload, seconds, connections }: Drive,
): Promise<Driven> {
  const folder = await createFolder('wrk')
  try {
    const file = join(folder, 'requests')
    const { head, tail, variants } = workload
    await writeFile(file, [head, tail, ...variants, ''].join('\0'), 'latin1')
    const script = join(projectRoot, 'bench', 'load', 'wrk.lua')
    const printed = await runChild(
      binary,
      [
        ...['-t', '1', '-c', String(connections), '-d', `${Math.ceil(seconds)}s`],
        ...['-s', script, `http://127.0.0.1:${port}`, '--', file],
      ],
      { withinMs: seconds * 1000 + GRACE_MS },
    )
    return JSON.parse(printed.slice(printed.lastIndexOf('{'))) as Driven
  } finally {
    await removeFolder(folder)
  }
}

/** Variants that one of autocannon's connections takes in turn: each is built beforehand. */
const VARIANTS_PER_CONNECTION = 64

/** Each connection has its own share of the variants, so that together they ask for many. */
export async function driveAutocannon(options: Drive): Promise<Driven> {
  const { port, workload, seconds, connections } = options
  const { variants, isOnce = false } = workload
  const share = isOnce ? Math.floor(variants.length / connections) : VARIANTS_PER_CONNECTION
  let from = 0
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: seconds,
    setupClient(client) {
      client.setRequests(
        Array.from({ length: Math.min(share, variants.length) }, () =>
          parsedOf(workload, variants[from++ % variants.length] ?? ''),
        ),
      )
    },
  })
  return {
    requests: result.requests.total,
    elapsedMs: result.duration * 1000,
    refused: result['4xx'] + result['5xx'],
    failed: result.errors + result.timeouts,
    bytes: result.throughput.total,
    p50Us: result.latency.p50 * 1000,
    p99Us: result.latency.p99 * 1000,
  }
}

/** The request as autocannon takes it. */
function parsedOf({ head, tail }: Workload, variant: string): AutocannonRequest {
  const [first = '', ...lines] = (head + variant + tail).trimEnd().split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon)] = line.slice(colon + 1).trim()
  }
  return { method, path, headers }
}
