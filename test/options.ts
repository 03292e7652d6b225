import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>

/** Words and values of a command's options; throws an Error of one line if they are wrong. */
export function readWords<const Known extends Options>(words: readonly string[], options: Known) {
  return refusing(() =>
    // npm hands on the -- that stands before them.
    parseArgs({ args: words.filter((word) => word !== '--'), options, allowPositionals: true }),
  )
}

/** The values of options that stand alone. */
export function readOptions<const Known extends Options>(words: readonly string[], options: Known) {
  const { values, positionals } = readWords(words, options)
  const [more] = positionals
  if (more !== undefined) throw new Error(`Unexpected argument '${more}'. ${ADVICE}`)
  return values
}

const ADVICE = '--help lists the options.'

function refusing<Read>(read: () => Read): Read {
  try {
    return read()
  } catch (cause) {
    const [said = ''] = String((cause as Error).message).split(/\. |\n/)
    throw new Error(`${said.replace(/\.$/, '')}. ${ADVICE}`)
  }
}

/** What is wanted; undefined where only help was, or where it is refused in a line: exit code 2. */
export function readWanted<Wanted>(
  words: readonly string[],
  help: string,
  parse: (words: readonly string[]) => Wanted,
): Wanted | undefined {
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(help)
    return undefined
  }
  try {
    return parse(words)
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = 2
    return undefined
  }
}
