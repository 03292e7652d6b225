/** What the command line asked for. */
export interface Options {
  /** Which benchmarks, or all. */
  readonly names: readonly string[]
  readonly rounds: number
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

/** What the arguments mean, or a sentence about what is wrong with them. */
export function parseOptions(args: readonly string[], known: readonly string[]): Options | string {
  const names: string[] = []
  let rounds = ROUNDS_USUAL
  let isJson = false
  let isList = false
  let pinned: string | undefined
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string
    if (arg === '--json') isJson = true
    else if (arg === '--list' || arg === '--help') isList = true
    else if (arg === '--rounds') rounds = Number(args[++at])
    else if (arg === '--pinned') pinned = args[++at]
    else if (known.includes(arg)) names.push(arg)
    else {
      const names = known.join(', ')
      return `${arg} is not known. Benchmarks: ${names}. Options: --rounds N, --json, --list.`
    }
  }
  if (!Number.isInteger(rounds) || rounds < ROUNDS_MIN || rounds > ROUNDS_MAX) {
    return `--rounds takes a whole number from ${ROUNDS_MIN} to ${ROUNDS_MAX}.`
  }
  return { names: names.length === 0 ? known : names, rounds, isJson, isList, pinned }
}
