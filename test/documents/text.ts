export interface Block {
  /** What follows the opening fence, as `sh run`. */
  readonly info: string
  readonly text: string
  readonly line: number
}

export interface Runnable {
  readonly script: string
  readonly line: number
  /** Each shall appear in what the script prints. */
  readonly expected: readonly string[]
}

export interface Heading {
  readonly level: number
  readonly title: string
}

const FENCE = /^( {0,3})(`{3,}|~{3,})(.*)$/

/** The fenced blocks of a Markdown page (CommonMark §4.5), in order. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let open: { fence: string; info: string; line: number; lines: string[] } | undefined
  page.split('\n').forEach((line, at) => {
    const [, , fence = '', info = ''] = FENCE.exec(line) ?? []
    if (open === undefined) {
      if (fence !== '') open = { fence, info: info.trim(), line: at + 1, lines: [] }
      return
    }
    if (fence.startsWith(open.fence) && info.trim() === '') {
      blocks.push({ info: open.info, text: open.lines.join('\n'), line: open.line })
      open = undefined
    } else {
      open.lines.push(line)
    }
  })
  return blocks
}

/** The blocks marked `sh run`, each with the `text expected` block that follows it, if one does. */
export function runnableIn(blocks: readonly Block[]): Runnable[] {
  return blocks.flatMap((block, at) => {
    if (block.info !== 'sh run') return []
    const next = blocks[at + 1]
    const shown = next?.info === 'text expected' ? next.text.split('\n') : []
    const expected = shown.map((line) => line.trim()).filter((line) => line !== '' && line !== '…')
    return [{ script: block.text, line: block.line, expected }]
  })
}

/** The page without its fenced blocks and inline code; as many lines as before. */
export function prose(page: string): string {
  let fence = ''
  const kept = page.split('\n').map((line) => {
    const [, , found = '', info = ''] = FENCE.exec(line) ?? []
    if (fence === '') {
      fence = found
      return found === '' ? line : ''
    }
    if (found.startsWith(fence) && info.trim() === '') fence = ''
    return ''
  })
  return kept.join('\n').replace(/`[^`\n]+`/g, (code) => ' '.repeat(code.length))
}

export function headingsOf(page: string): Heading[] {
  const lines = page.split('\n')
  return prose(page)
    .split('\n')
    .flatMap((line, at) => {
      const level = /^(#{1,6}) /.exec(line)?.[1]?.length
      return level === undefined ? [] : [{ level, title: lines[at]?.slice(level + 1).trim() ?? '' }]
    })
}

/** Targets of links and images within the project; addresses elsewhere are left out. */
export function linksOf(page: string): string[] {
  return [...prose(page).matchAll(/\]\(\s*<?([^)\s>]+)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
}

/** The fragment by which a heading is linked to. */
export function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}
