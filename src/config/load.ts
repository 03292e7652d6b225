import { readFileSync, statSync } from 'node:fs'
import { type Problem, quote } from './problem.ts'
import { findConflicts } from './rules.ts'
import type { ProcessName } from './setting.ts'
import {
  type Config,
  type ConfigFor,
  flagOf,
  listSettings,
  type SettingName,
  settings,
  variableOf,
} from './settings.ts'
import {
  CONFIG_FILE_FLAG,
  CONFIG_FILE_VARIABLE,
  type CommandLine,
  type Entry,
  type OwnArguments,
  readArguments,
  readFileSettings,
  readVariables,
  type Source,
  type SourceName,
} from './sources.ts'

/** A configuration or secret file longer than this is another file. */
export const FILE_BYTES_MAX = 262_144

export type Environment = Readonly<Record<string, string | undefined>>
export type Sources = Readonly<Record<SettingName, SourceName>>

export interface LoadRequest<P extends ProcessName> {
  readonly process: P
  readonly env: Environment
  /** What follows the command. */
  readonly argv: readonly string[]
  /** What the command takes beside settings. */
  readonly own?: OwnArguments
}

export interface Loaded<P extends ProcessName>
  extends Pick<CommandLine, 'flags' | 'options' | 'words'> {
  readonly kind: 'loaded'
  readonly config: ConfigFor<P>
  readonly sources: Sources
}

export interface Refused {
  readonly kind: 'refused'
  /** All of them, never none. */
  readonly problems: readonly Problem[]
}

/** The environment of this process: the only reading of it. */
export function readEnvironment(): Environment {
  return { ...process.env }
}

/**
 * What the operator chose: flag before variable before file before fallback. Reads the
 * configuration file and the files that hold secrets; every problem is found before it returns.
 */
export function loadConfig<P extends ProcessName>(request: LoadRequest<P>): Loaded<P> | Refused {
  const argv = readArguments(request.argv, request.own ?? {})
  const variables = readVariables(request.env)
  const file = readConfigFile(argv.file ?? request.env[CONFIG_FILE_VARIABLE], argv.file)
  const problems = [...file.problems, ...variables.problems, ...argv.problems]

  const values: Partial<Record<SettingName, unknown>> = {}
  const sources: Partial<Record<SettingName, SourceName>> = {}
  const spoilt = new Set<SettingName>()
  for (const source of [file, variables, argv]) {
    for (const [name, entry] of pickEntries(source, problems)) {
      const value = readEntry(entry, problems)
      // A wrong value is a problem even where a better source overrules it.
      if (value === undefined) spoilt.add(name)
      else values[name] = value
      sources[name] = entry.source
    }
  }
  for (const { name, row } of listSettings()) {
    sources[name] ??= 'default'
    values[name] ??= row.fallback
    if (values[name] === undefined && row.requiredBy.includes(request.process) && !spoilt.has(name))
      problems.push(missing(name, request.process))
  }
  problems.push(...findConflicts(values as Config, request.process, spoilt))
  if (problems.length > 0) return { kind: 'refused', problems }
  return {
    kind: 'loaded',
    config: Object.freeze(values) as ConfigFor<P>,
    sources: Object.freeze(sources) as Sources,
    flags: argv.flags,
    options: argv.options,
    words: argv.words,
  }
}

function missing(name: SettingName, process: ProcessName): Problem {
  const isSecret = settings[name].parse.isSecret === true
  const how = isSecret ? `it, ${variableOf(`${name}File`)}` : `it, ${flagOf(name)}`
  return {
    setting: variableOf(name),
    text: `dvara ${process} needs it; set ${how} or the key ${name} of the configuration file`,
  }
}

/** One entry a setting; twice in one source is a problem, because either could be meant. */
function pickEntries(source: Source, problems: Problem[]): Map<SettingName, Entry> {
  const picked = new Map<SettingName, Entry>()
  for (const entry of source.entries) {
    const other = picked.get(entry.name)
    if (other !== undefined) {
      const twice =
        other.spelling === entry.spelling ? 'given twice' : `given beside ${other.spelling}`
      problems.push({ setting: entry.spelling, text: `${twice}; keep one` })
    }
    picked.set(entry.name, entry)
  }
  return picked
}

function readEntry(entry: Entry, problems: Problem[]): unknown {
  const { parse } = settings[entry.name] as { parse: (typeof settings)[SettingName]['parse'] }
  const { spelling } = entry
  let text = entry.text
  if (entry.isPath) {
    const read = readText(entry.text, parse.isOwnersAlone)
    if (read.kind === 'unreadable') {
      problems.push({ setting: spelling, text: `${quote(entry.text)} ${read.why}` })
      return undefined
    }
    // Editors and `echo` end a file with a line break that is no part of the secret.
    text = read.text.replace(/\r?\n$/, '')
  }
  const value = parse.parse(text)
  if (value === undefined) {
    const hidden = entry.isPath ? `what ${quote(entry.text)} holds` : 'the value'
    const shown = parse.isSecret
      ? `${hidden} (not shown) is malformed`
      : `${quote(text)} is malformed`
    problems.push({ setting: spelling, text: `${shown}, expected ${parse.expects}` })
  }
  return value
}

function readConfigFile(file: string | undefined, flagged: string | undefined): Source {
  if (file === undefined || file === '') return { entries: [], problems: [] }
  const read = readText(file)
  if (read.kind === 'text') return readFileSettings(file, read.text)
  const setting = flagged === undefined ? CONFIG_FILE_VARIABLE : CONFIG_FILE_FLAG
  return { entries: [], problems: [{ setting, text: `${quote(file)} ${read.why}` }] }
}

type ReadText = { kind: 'text'; text: string } | { kind: 'unreadable'; why: string }

/** Nobody but the owner may read or write such a file. */
const OTHERS_ANY = 0o077

function readText(file: string, isOwnersAlone = false): ReadText {
  try {
    const { size, mode } = statSync(file)
    if (isOwnersAlone && (mode & OTHERS_ANY) !== 0) {
      const octal = `0${(mode & 0o777).toString(8)}`
      return { kind: 'unreadable', why: `is open to others (mode ${octal}): chmod 0600 it` }
    }
    if (size > FILE_BYTES_MAX) {
      return { kind: 'unreadable', why: `is larger than ${FILE_BYTES_MAX} bytes` }
    }
    return { kind: 'text', text: readFileSync(file, 'utf8') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return { kind: 'unreadable', why: `cannot be read (${code})` }
  }
}
