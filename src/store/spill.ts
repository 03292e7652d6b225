import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Activity } from '../core/activity.ts'
import { decodeActivity, encodeActivity } from './activity-record.ts'

/**
 * Where an authorizer keeps activities while Redis is away: files of one record a line, in base64
 * with the record's own checksum, so that a line cut short by a crash is known for what it is.
 */
export interface Spill {
  /** Writes to this process's file; how many found no room within `bytesMax`. May throw. */
  write(batch: readonly Activity[]): Promise<number>
  /**
   * Hands everything over in order, those of processes that are no more included, and removes what
   * was taken. Rejects as soon as `take` does; what it did not take stays. How many were taken.
   */
  replay(take: (batch: readonly Activity[]) => Promise<void>): Promise<number>
  /** Whether something of this process waits. */
  isEmpty(): boolean
}

/** A file is closed beyond this, so that replaying reads little at a time. */
const FILE_BYTES_MAX = 1_000_000
const BATCH_MAX = 500
const NAME = /^activities-(\d+)-([a-z0-9]+)-(\d+)\.spill$/i

export function createSpill(options: {
  readonly directory: string
  /** Unique to this process's life. */
  readonly owner: string
  readonly pid: number
  /** Of all files of this process. */
  readonly bytesMax: number
  readonly isAlive: (pid: number) => boolean
}): Spill {
  const { directory, owner, pid, bytesMax, isAlive } = options
  /** Bytes of each file of ours, by its number. */
  const files = new Map<number, number>()
  let current = 0
  let bytes = 0

  const nameOf = (number: number) => `activities-${pid}-${owner}-${number}.spill`

  async function listForeign(): Promise<readonly string[]> {
    const names = await readdir(directory).catch(() => [])
    return names.filter((name) => {
      const [, ownerPid, ownerName] = NAME.exec(name) ?? []
      if (ownerPid === undefined || ownerName === owner) return false
      // The same number as ours is somebody before us: two processes never share one.
      return Number(ownerPid) === pid || !isAlive(Number(ownerPid))
    })
  }

  async function replayFile(
    name: string,
    take: (batch: readonly Activity[]) => Promise<void>,
  ): Promise<number> {
    const path = join(directory, name)
    // Another process may have adopted it first: then there is nothing to do.
    const text = await readFile(path, 'latin1').catch(() => '')
    const read = text.split('\n').flatMap(readLine)
    for (let at = 0; at < read.length; at += BATCH_MAX) await take(read.slice(at, at + BATCH_MAX))
    await rm(path, { force: true })
    return read.length
  }

  return {
    async write(batch) {
      const lines = batch.map((one) => `${Buffer.from(encodeActivity(one)).toString('base64')}\n`)
      let room = bytesMax - bytes
      const fitting = lines.filter((line) => {
        room -= line.length
        return room >= 0
      })
      if (fitting.length === 0) return lines.length
      if ((files.get(current) ?? 0) >= FILE_BYTES_MAX) current += 1
      const text = fitting.join('')
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await appendFile(join(directory, nameOf(current)), text, { encoding: 'latin1', mode: 0o600 })
      files.set(current, (files.get(current) ?? 0) + text.length)
      bytes += text.length
      return lines.length - fitting.length
    },
    async replay(take) {
      let taken = 0
      for (const name of await listForeign()) taken += await replayFile(name, take)
      // What is written meanwhile goes to a new file.
      if (files.has(current)) current += 1
      for (const [number, size] of [...files]) {
        if (number === current) continue
        taken += await replayFile(nameOf(number), take)
        files.delete(number)
        bytes -= size
      }
      return taken
    },
    isEmpty: () => files.size === 0,
  }
}

function readLine(line: string): readonly Activity[] {
  try {
    return line === '' ? [] : [decodeActivity(Buffer.from(line, 'base64'))]
  } catch {
    return []
  }
}
