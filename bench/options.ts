import { accessSync, constants } from 'node:fs'

/** What the command line asked for. */
export interface Options {
  /** Which benchmarks, or all. */
  readonly names: readonly string[]
  readonly rounds: number
  /** How long each drive of a server under load takes. */
  readonly seconds: number
  /** How many sessions memory grows to at most. */
  readonly sessions: number
  /** Programs that are measured where their paths are given. */
  readonly rivals: Readonly<Record<string, string>>
  readonly isJson: boolean
  /** Only say which there are. */
  readonly isList: boolean
  /** How this process was kept on one core, as its parent says; `undefined` in the parent. */
  readonly pinned: string | undefined
}

/** A median of fewer says little on a machine that does other things too. */
export const ROUNDS_MIN = 9
const ROUNDS_MAX = 1000
const ROUNDS_USUAL = 25
const SECONDS_MAX = 600
const SECONDS_USUAL = 1

const SESSIONS_MIN = 10_000
const SESSIONS_MAX = 10_000_000
const SESSIONS_USUAL = 1_000_000

const OPTIONS = '--seconds N, --rounds N, --sessions N, --rival NAME=PATH, --json, --list'

/**
 * What the arguments mean, or a sentence about what is wrong with them. Without a name: `usual`.
 */
export function parseOptions(
  args: readonly string[],
  known: readonly string[],
  usual: readonly string[] = known,
  programs: readonly string[] = [],
): Options | string {
  const names: string[] = []
  const rivals: Record<string, string> = {}
  let rounds = ROUNDS_USUAL
  let seconds = SECONDS_USUAL
  let sessions = SESSIONS_USUAL
  let isJson = false
  let isList = false
  let pinned: string | undefined
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string
    if (arg === '--json') isJson = true
    else if (arg === '--list' || arg === '--help') isList = true
    else if (arg === '--rounds') rounds = Number(args[++at])
    else if (arg === '--seconds') seconds = Number(args[++at])
    else if (arg === '--sessions') sessions = Number(args[++at])
    else if (arg === '--rival') {
      const [name = '', path = ''] = (args[++at] ?? '').split('=', 2)
      const problem = problemOf(name, path, programs)
      if (problem !== undefined) return problem
      rivals[name] = path
    } else if (arg === '--pinned') pinned = args[++at]
    else if (known.includes(arg)) names.push(arg)
    else {
      const names = known.join(', ')
      return `${arg} is not known. Benchmarks: ${names}. Options: ${OPTIONS}.`
    }
  }
  if (!Number.isInteger(rounds) || rounds < ROUNDS_MIN || rounds > ROUNDS_MAX) {
    return `--rounds takes a whole number from ${ROUNDS_MIN} to ${ROUNDS_MAX}.`
  }
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > SECONDS_MAX) {
    return `--seconds takes a whole number from 1 to ${SECONDS_MAX}.`
  }
  if (!Number.isInteger(sessions) || sessions < SESSIONS_MIN || sessions > SESSIONS_MAX) {
    return `--sessions takes a whole number from ${SESSIONS_MIN} to ${SESSIONS_MAX}.`
  }
  const asked = names.length === 0 ? usual : names
  return { names: asked, rounds, seconds, sessions, rivals, isJson, isList, pinned }
}

function problemOf(name: string, path: string, programs: readonly string[]): string | undefined {
  if (!programs.includes(name) || path === '') {
    return `--rival takes NAME=PATH, and NAME is one of ${programs.join(', ')}.`
  }
  try {
    accessSync(path, constants.X_OK)
    return undefined
  } catch {
    return `--rival ${name}=${path}: there is no program that we may run.`
  }
}
