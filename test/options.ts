import { type ParseArgsConfig, parseArgs } from 'node:util'

/** The values of a command's options; throws an Error of one line that says what is wrong. */
export function readOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(
  words: readonly string[],
  options: Options,
) {
  try {
    // npm hands on the -- that stands before them.
    return parseArgs({ args: words.filter((word) => word !== '--'), options }).values
  } catch (cause) {
    const [said = ''] = String((cause as Error).message).split(/\. |\n/)
    throw new Error(`${said.replace(/\.$/, '')}. --help lists the options.`)
  }
}

/** Whether only the options are asked for. */
export function isHelpWanted(words: readonly string[]): boolean {
  return words.includes('--help') || words.includes('-h')
}
