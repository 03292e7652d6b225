import { LineCounter, parseDocument } from 'yaml'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'
import { flagOf, listSettings, type SettingName, variableOf } from './settings.ts'

export type SourceName = 'default' | 'file' | 'environment' | 'command line'

/** A setting as somebody wrote it. */
export interface Entry {
  readonly name: SettingName
  /** How the source spells it, for problems. */
  readonly spelling: string
  readonly source: SourceName
  readonly text: string
  /** `text` is the path of a file that holds the value: how containers hand over secrets. */
  readonly isPath: boolean
}

export interface Source {
  readonly entries: readonly Entry[]
  readonly problems: readonly Problem[]
}

/** What a command takes beside the settings, such as `--json` or a path to explain. */
export interface OwnArguments {
  readonly flags?: readonly string[]
  readonly options?: readonly string[]
  readonly wordsMax?: number
}

export interface CommandLine extends Source {
  readonly flags: ReadonlySet<string>
  readonly options: ReadonlyMap<string, string>
  readonly words: readonly string[]
  /** The value of --config-file. */
  readonly file: string | undefined
}

export const CONFIG_FILE_VARIABLE = 'DVARA_CONFIG_FILE'
export const CONFIG_FILE_FLAG = '--config-file'

interface Known {
  readonly name: SettingName
  readonly isPath: boolean
  readonly isSecret: boolean
}

function listKnown(spell: (name: string) => string): Map<string, Known> {
  const known = new Map<string, Known>()
  for (const { name, row } of listSettings()) {
    const isSecret = row.parse.isSecret === true
    known.set(spell(name), { name, isPath: false, isSecret })
    if (isSecret) known.set(spell(`${name}File`), { name, isPath: true, isSecret })
  }
  return known
}

const VARIABLES = listKnown(variableOf)
const KEYS = listKnown((name) => name)
const FLAGS = listKnown(flagOf)

// Kubernetes describes every service of the namespace to every pod in variables named after it.
// One of the name dvara or dvara-… would otherwise keep us from starting.
const SERVICE_LINK = /^DVARA_([A-Z0-9_]+_)?SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/
const SERVICE_PORT = /^DVARA_([A-Z0-9_]+?_)??PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/
const SERVICE_PORT_VALUE = /^((tcp|udp|sctp):\/\/\S+|tcp|udp|sctp|[0-9]+|[0-9a-f:.]+)$/

function isServiceLink(variable: string, value: string): boolean {
  if (SERVICE_LINK.test(variable)) return true
  const match = SERVICE_PORT.exec(variable)
  if (match === null) return false
  // A mistaken DVARA_PORT=9090 is a problem; the cluster's own is a URL.
  return match[2] === undefined ? value.includes('://') : SERVICE_PORT_VALUE.test(value)
}

/** A name as given, unless it does not look like one: then it may be a secret gone astray. */
function spell(name: string): string {
  return /^[\w-]{1,64}$/.test(name) ? name : '(a name that is none)'
}

function unknown(spelling: string, names: Iterable<string>): Problem {
  const meant = nearest(spelling, names)
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  return { setting: spell(spelling), text: `there is no such setting${hint}` }
}

/** The DVARA_ variables. An empty one counts as not set, as compose files leave them. */
export function readVariables(env: Readonly<Record<string, string | undefined>>): Source {
  const entries: Entry[] = []
  const problems: Problem[] = []
  for (const spelling of Object.keys(env).sort()) {
    const text = env[spelling]
    if (!spelling.startsWith('DVARA_') || spelling === CONFIG_FILE_VARIABLE) continue
    if (text === undefined) continue
    const known = VARIABLES.get(spelling)
    if (known !== undefined && text === '') continue
    if (known !== undefined) entries.push({ ...known, spelling, source: 'environment', text })
    else if (!isServiceLink(spelling, text)) problems.push(unknown(spelling, VARIABLES.keys()))
  }
  return { entries, problems }
}

/** One value of the file as text; undefined if it is neither plain nor a list of plain values. */
function readScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  return value.every((item) => typeof item === 'string') ? value.join(',') : undefined
}

function parseYaml(file: string, text: string): { root: unknown } | { problem: Problem } {
  const lines = new LineCounter()
  // Failsafe keeps every value as it was written, so that `0o10` or `1e3` is not silently a number.
  const document = parseDocument(text, {
    schema: 'failsafe',
    prettyErrors: false,
    lineCounter: lines,
  })
  const wrong = document.errors[0] ?? document.warnings[0]
  if (wrong !== undefined) {
    // The parser's own message may quote the line, and the line may hold a secret.
    const { line } = lines.linePos(wrong.pos[0])
    const why = wrong.code.toLowerCase().replaceAll('_', ' ')
    return { problem: { setting: file, text: `line ${line} is not YAML that we read (${why})` } }
  }
  try {
    return { root: document.toJS({ maxAliasCount: 0 }) }
  } catch {
    return { problem: { setting: file, text: 'aliases (*name) are not used here' } }
  }
}

/** The settings of a YAML file: one mapping, the names as keys. An empty value is not set. */
export function readFileSettings(file: string, text: string): Source {
  const parsed = parseYaml(file, text)
  if ('problem' in parsed) return { entries: [], problems: [parsed.problem] }
  const { root } = parsed
  if (root === null || root === undefined || root === '') return { entries: [], problems: [] }
  if (typeof root !== 'object' || Array.isArray(root)) {
    return {
      entries: [],
      problems: [{ setting: file, text: 'expected lines such as “workers: 2”' }],
    }
  }
  const entries: Entry[] = []
  const problems: Problem[] = []
  for (const [key, value] of Object.entries(root)) {
    const spelling = `${spell(key)} (${file})`
    const known = KEYS.get(key)
    const plain = value === null ? '' : readScalar(value)
    if (known === undefined) problems.push({ ...unknown(key, KEYS.keys()), setting: spelling })
    else if (plain === undefined)
      problems.push({ setting: spelling, text: 'expected one value or a list' })
    else if (plain !== '') entries.push({ ...known, spelling, source: 'file', text: plain })
  }
  return { entries, problems }
}

/** Flags are `--name value` or `--name=value`; the command's own are told apart by `own`. */
export function readArguments(argv: readonly string[], own: OwnArguments): CommandLine {
  const entries: Entry[] = []
  const problems: Problem[] = []
  const flags = new Set<string>()
  const options = new Map<string, string>()
  const words: string[] = []
  const ownOptions = own.options ?? []
  const names = [...FLAGS.keys(), CONFIG_FILE_FLAG, ...ownOptions.map((name) => `--${name}`)]
  for (let at = 0; at < argv.length; at++) {
    const given = argv[at] as string
    if (!given.startsWith('--')) {
      words.push(given)
      continue
    }
    const equals = given.indexOf('=')
    const spelling = equals === -1 ? given : given.slice(0, equals)
    if (own.flags?.includes(spelling.slice(2)) && equals === -1) {
      flags.add(spelling.slice(2))
      continue
    }
    const next = argv[at + 1]
    // The word after an unknown flag goes with it: it may be the secret of a misspelt one.
    const takesNext = equals === -1 && next !== undefined && !next.startsWith('--')
    const text = equals !== -1 ? given.slice(equals + 1) : takesNext ? next : undefined
    if (takesNext) at++
    const known = FLAGS.get(spelling)
    if (!names.includes(spelling)) {
      const ownFlags = (own.flags ?? []).map((name) => `--${name}`)
      problems.push(unknown(spelling, [...names, ...ownFlags]))
    } else if (known?.isSecret && !known.isPath) {
      problems.push({ setting: spelling, text: refusedSecret(known.name) })
    } else if (text === undefined || text === '') {
      problems.push({ setting: spelling, text: 'expected a value' })
    } else if (known !== undefined) {
      entries.push({ ...known, spelling, source: 'command line', text })
    } else {
      options.set(spelling.slice(2), text)
    }
  }
  const file = options.get(CONFIG_FILE_FLAG.slice(2))
  options.delete(CONFIG_FILE_FLAG.slice(2))
  if (words.length > (own.wordsMax ?? 0)) {
    problems.push({ setting: 'command line', text: 'a word too many; flags begin with --' })
  }
  return { entries, problems, flags, options, words, file }
}

function refusedSecret(name: SettingName): string {
  const variable = variableOf(name)
  return (
    'a command line is seen by every user of the machine; ' +
    `use ${variable}, or ${flagOf(`${name}File`)} with a path`
  )
}
