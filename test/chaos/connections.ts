import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** Columns of /proc/net/tcp (proc(5)). */
const [LOCAL, REMOTE, STATE, INODE] = [1, 2, 3, 9] as const
const ESTABLISHED = '01'

/** Whose the connections to `port` of this process are: the ports of the other ends. */
export function clientPortsOf(pid: number, port: number): ReadonlySet<number> {
  const inodes = socketsOf(pid)
  const ports = new Set<number>()
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    const [local, remote] = [portOf(fields[LOCAL]), portOf(fields[REMOTE])]
    if (local !== port || fields[STATE] !== ESTABLISHED) continue
    if (inodes.has(fields[INODE] ?? '')) ports.add(remote)
  }
  return ports
}

function socketsOf(pid: number): ReadonlySet<string> {
  const folder = `/proc/${pid}/fd`
  const inodes = new Set<string>()
  for (const name of readdirSync(folder)) {
    const inode = /^socket:\[(\d+)\]$/.exec(targetOf(`${folder}/${name}`))?.[1]
    if (inode !== undefined) inodes.add(inode)
  }
  return inodes
}

/** Empty for what was closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

/** `0100007F:1F90`: the port in hexadecimal. */
function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(':')[1] ?? '', 16)
}

const GONE_WITHIN_MS = 5_000

/** Until the system has taken back all that the process had, its open ports among it. */
export async function untilGone(pid: number): Promise<void> {
  for (let waitedMs = 0; existsSync(`/proc/${pid}`); waitedMs++) {
    if (waitedMs > GONE_WITHIN_MS) throw new Error(`process ${pid} does not end`)
    await pause(1)
  }
}
