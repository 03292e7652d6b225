/** Where a command's part of a page begins and ends. */
const beginOf = (name: string) => `<!-- bench:${name} -->`
const endOf = (name: string) => `<!-- /bench:${name} -->`

/**
 * The page with what stands between the markers of that name replaced. Throws unless each marker is
 * there once, the one after the other: nothing a person wrote may be lost.
 */
export function replaceBetween(page: string, name: string, content: string): string {
  const [before, afterBegin, ...moreBegins] = page.split(beginOf(name))
  const [old, after, ...moreEnds] = afterBegin?.split(endOf(name)) ?? []
  if (old === undefined || after === undefined || moreBegins.length + moreEnds.length > 0) {
    throw new Error(`The page needs ${beginOf(name)} and then ${endOf(name)}, once each.`)
  }
  return `${before}${beginOf(name)}\n\n${content.trim()}\n\n${endOf(name)}${after}`
}

/** A Markdown table. Columns are numbers, set to the right, unless `textColumns` names them. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: readonly number[] = [0],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = `|${head.map((_, at) => (textColumns.includes(at) ? '---' : '--:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
