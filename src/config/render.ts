import type { Sources } from './load.ts'
import { PROCESS_NAMES, type ProcessName, type Setting } from './setting.ts'
import { type Config, flagOf, listSettings, SECTIONS, variableOf } from './settings.ts'
import { CONFIG_FILE_FLAG, CONFIG_FILE_VARIABLE } from './sources.ts'

const COLUMNS = 96

/** Words of `text` in lines of at most COLUMNS columns, each begun with `indent`. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line !== indent && line.length + 1 + word.length > COLUMNS) {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return [...lines, line]
}

/** A value as text that the parser takes back; a secret only as the fact that there is one. */
function printValue(row: Setting<unknown>, value: unknown): string {
  if (value === undefined) return ''
  return row.parse.isSecret ? '[secret]' : row.parse.print(value)
}

function describe(row: Setting<unknown>): string {
  return row.parse.unit === undefined ? row.about : `${row.about} Unit: ${row.parse.unit}.`
}

function listSections(process: ProcessName | undefined): [string, [string, Setting<unknown>][]][] {
  const sections = Object.entries(SECTIONS) as [string, Record<string, Setting<unknown>>][]
  return sections
    .map(([title, rows]): [string, [string, Setting<unknown>][]] => [
      title,
      Object.entries(rows).filter(([, row]) => process === undefined || row.for.includes(process)),
    ])
    .filter(([, rows]) => rows.length > 0)
}

/** The settings part of `--help`: all of them, or those that one process reads. */
export function renderHelp(process?: ProcessName): string {
  const lines = [
    'Settings come from the command line, then the environment, then the configuration file.',
    '',
    `  ${CONFIG_FILE_FLAG} PATH, ${CONFIG_FILE_VARIABLE}`,
    '      A YAML file of settings, such as “workers: 2”.',
  ]
  for (const [title, rows] of listSections(process)) {
    lines.push('', `${title}:`)
    for (const [name, row] of rows) {
      const flag = row.parse.isSecret ? `${flagOf(`${name}File`)} PATH` : undefined
      lines.push(`  ${flag ?? `${flagOf(name)} ${row.parse.placeholder}`}, ${variableOf(name)}`)
      lines.push(...wrap(describe(row), '      '))
      const value = printValue(row, row.fallback)
      if (value !== '') lines.push(`      Default: ${value}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** `.env.example`: every variable, commented out, at its fallback. */
export function renderEnvExample(): string {
  const lines = [
    '# Every setting of dvara at its default; docs/configuration.md says more.',
    '# Uncomment what you change. A variable left empty counts as not set.',
    '# This file is generated: npm run docs',
    '',
    '# A YAML file of settings. Variables win over it.',
    `#${CONFIG_FILE_VARIABLE}=`,
  ]
  for (const [title, rows] of listSections(undefined)) {
    lines.push('', `# ---- ${title} ----`)
    for (const [name, row] of rows) {
      lines.push('', ...wrap(describe(row), '# '))
      if (row.requiredBy.length > 0) lines.push(`# Required by ${row.requiredBy.join(', ')}.`)
      if (row.parse.isSecret) lines.push(`# Or the path of a file: ${variableOf(`${name}File`)}`)
      lines.push(`#${variableOf(name)}=${printValue(row, row.fallback)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function code(text: string): string {
  return text === '' ? '' : `\`${cell(text)}\``
}

/** docs/configuration.md. */
export function renderConfigurationPage(): string {
  const lines = [
    '# Configuration',
    '',
    '<!-- Generated from src/config/settings.ts: npm run docs -->',
    '',
    'Each setting has one name in three spellings: `workers: 2` in the configuration file,',
    '`DVARA_WORKERS=2` in the environment, `--workers 2` on the command line. The command line',
    'wins over the environment, the environment over the file, the file over the default.',
    '',
    `- The configuration file is YAML: \`${CONFIG_FILE_VARIABLE}\` or`,
    `  \`${CONFIG_FILE_FLAG}\` names it.`,
    '- Lists are separated by commas; in the file they may be YAML lists.',
    '- Numbers are plain numbers in the unit of the table. A name that ends in `Ms` means',
    '  milliseconds, in `S` seconds.',
    '- An empty variable or key counts as not set.',
    '- A secret is never printed and not taken on the command line. Instead of it give the path of',
    '  a file that holds it: `DVARA_REDIS_URL_FILE`, `redisUrlFile`, `--redis-url-file`.',
    '- A name that does not exist, a value that does not fit, or values that contradict each other',
    '  keep dvara from starting (exit code 2). All problems are reported together.',
    '- `dvara config` prints what is in force and where each value comes from, secrets masked.',
  ]
  for (const [title, rows] of listSections(undefined)) {
    lines.push('', `## ${title}`, '', '| Setting | Variable | Default | Accepts | Read by |')
    lines.push('|---|---|---|---|---|')
    for (const [name, row] of rows) {
      const value = printValue(row, row.fallback)
      const required =
        row.requiredBy.length === 0 ? '' : `none; required by ${row.requiredBy.join(', ')}`
      const accepts = `${row.parse.expects}${row.parse.isSecret ? '; secret' : ''}`
      const readers = row.for.length === PROCESS_NAMES.length - 1 ? 'all' : row.for.join(', ')
      const cells = [
        `\`${name}\`<br>${cell(row.about)}`,
        code(variableOf(name)),
        code(value) || required || 'none',
        cell(accepts),
        readers,
      ]
      lines.push(`| ${cells.join(' | ')} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** What `dvara config` prints: variables that would give the same config, secrets masked. */
export function renderConfig(config: Config, sources: Sources): string {
  const lines: string[] = []
  for (const { name, row } of listSettings()) {
    const value = printValue(row, config[name])
    lines.push(`${value === '' ? '#' : ''}${variableOf(name)}=${value}  # ${sources[name]}`)
  }
  return `${lines.join('\n')}\n`
}

/** What `dvara config --json` prints: name → value and source, secrets masked. */
export function renderConfigJson(config: Config, sources: Sources): string {
  const shown: Record<string, { value: unknown; source: string }> = {}
  for (const { name, row } of listSettings()) {
    const value = config[name]
    const isPlain = typeof value === 'number' || typeof value === 'boolean' || Array.isArray(value)
    shown[name] = {
      value: value === undefined ? null : isPlain ? value : printValue(row, value),
      source: sources[name],
    }
  }
  return `${JSON.stringify(shown, null, 2)}\n`
}
