import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { keepChild } from './child.ts'

/** What a process has had of a processor so far. */
export interface CpuTime {
  readonly userMs: number
  readonly kernelMs: number
  /** Both together, to the nanosecond where the kernel keeps account of each thread. */
  readonly allMs: number
}

/** Instructions that ran on behalf of a process. */
export interface Instructions {
  readonly user: number
  readonly kernel: number
}

/** The kernel tells times to user space in hundredths of a second on every Linux platform. */
const TICK_MS = 10

/** The CPU time of these processes with all their threads. */
export function readCpu(pids: readonly number[]): CpuTime {
  let userMs = 0
  let kernelMs = 0
  let allMs = 0
  for (const pid of pids) {
    const cpu = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    userMs += cpu.userMs
    kernelMs += cpu.kernelMs
    allMs += readRanMs(pid) ?? cpu.allMs
  }
  return { userMs, kernelMs, allMs }
}

/** The first number of each thread's schedstat: nanoseconds on a processor. */
function readRanMs(pid: number): number | undefined {
  let ms = 0
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const ran = Number.parseInt(
        readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'),
        10,
      )
      ms += ran / 1e6
    }
  } catch {
    // A kernel without that account, or a thread that has ended meanwhile.
    return undefined
  }
  return ms > 0 ? ms : undefined
}

/** One line of /proc/PID/stat; the name in it may hold blanks and brackets (proc(5)). */
export function parseStat(line: string): CpuTime {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [userMs, kernelMs] = [Number(fields[11]) * TICK_MS, Number(fields[12]) * TICK_MS]
  return { userMs, kernelMs, allMs: userMs + kernelMs }
}

/** The process and all its descendants. */
export function familyOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
  const children = text === '' ? [] : text.split(' ').map(Number)
  return [pid, ...children.flatMap(familyOf)]
}

/** Resident bytes of these processes together; pages that they share count for each. */
export function readResidentBytes(pids: readonly number[]): number {
  let kib = 0
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    kib += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
  }
  return kib * 1024
}

const EVENTS = ['instructions:u', 'instructions:k'] as const

/** Whether this machine counts instructions for us; virtual ones often do not. */
export function canCountInstructions(): boolean {
  const { stderr, status } = spawnSync('perf', ['stat', '-x,', '-e', EVENTS.join(), 'true'], {
    encoding: 'utf8',
  })
  return status === 0 && parsePerf(stderr) !== undefined
}

/** Counts until the time is over; undefined if `perf` gave no numbers. */
export async function countInstructions(
  pids: readonly number[],
  seconds: number,
): Promise<Instructions | undefined> {
  const args = ['stat', '-x,', '-e', EVENTS.join(), '-p', pids.join(), '--', 'sleep']
  const child = spawn('perf', [...args, String(seconds)], { stdio: ['ignore', 'ignore', 'pipe'] })
  keepChild(child)
  let text = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (part: string) => {
    text += part
  })
  await new Promise((resolve) => {
    child.once('close', resolve)
    child.once('error', resolve)
  })
  return parsePerf(text)
}

/** What `perf stat -x,` prints: count, unit, event, … one line each. */
export function parsePerf(text: string): Instructions | undefined {
  const counts = EVENTS.map((event) => {
    const line = text.split('\n').find((one) => one.split(',')[2] === event)
    return line === undefined ? Number.NaN : Number.parseInt(line, 10)
  })
  const [user = Number.NaN, kernel = Number.NaN] = counts
  return Number.isNaN(user) || Number.isNaN(kernel) ? undefined : { user, kernel }
}
