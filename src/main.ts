#!/usr/bin/env node
import { type Command, sayProblem } from './command/command.ts'
import { readVersion } from './command/release.ts'
import { loadConfig, readEnvironment } from './config/load.ts'
import { renderProblems } from './config/problem.ts'
import { renderHelp } from './config/render.ts'
import type { ProcessName } from './config/setting.ts'

/** `dvara <word>`: each is loaded only when it is asked for, so that none slows another's start. */
const COMMANDS = {
  dev: async () => (await import('./command/dev.ts')).dev,
  authorizer: async () => (await import('./command/authorizer.ts')).authorizer,
  identity: async () => (await import('./command/identity.ts')).identity,
  migrate: async () => (await import('./command/migrate.ts')).migrate,
  keys: async () => (await import('./command/keys.ts')).keys,
  administrator: async () => (await import('./command/administrator.ts')).administrator,
  restrictions: async () => (await import('./command/restrictions.ts')).restrictions,
  policy: async () => (await import('./command/policy.ts')).policy,
  explain: async () => (await import('./command/explain.ts')).explain,
  members: async () => (await import('./command/members.ts')).members,
  config: async () => (await import('./command/config.ts')).config,
} as const

type Word = keyof typeof COMMANDS

async function main(argv: readonly string[]): Promise<number> {
  const [word = '--help', ...rest] = argv
  if (word === '--version') return print(`${readVersion()}\n`)
  if (word === '--help' || word === '-h' || word === 'help') return print(await renderCommands())
  if (!Object.hasOwn(COMMANDS, word)) {
    return refuse(`dvara: there is no command ${JSON.stringify(word)}; see dvara --help\n`)
  }
  const command = (await COMMANDS[word as Word]()) as Command
  if (rest.includes('--help') || rest.includes('-h')) return print(renderUsage(command))

  const { process: name, own } = command
  const loaded = loadConfig({ process: name, env: readEnvironment(), argv: rest, own })
  if (loaded.kind === 'refused') return refuse(renderProblems(loaded.problems))
  return command.run(loaded)
}

async function renderCommands(): Promise<string> {
  const lines = [
    'dvara: the authorizer that gateways ask',
    '',
    'usage: dvara COMMAND [settings]',
    '',
  ]
  for (const [word, load] of Object.entries(COMMANDS)) {
    lines.push(`  ${word.padEnd(15)}${(await load()).about}`)
  }
  lines.push('', 'dvara COMMAND --help lists its settings; dvara --version prints the version.', '')
  return lines.join('\n')
}

function renderUsage(command: Command<ProcessName>): string {
  const head = `usage: ${command.usage}\n\n${command.about}\n\n`
  return command.process === 'config' ? head + renderHelp() : head + renderHelp(command.process)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** Exit code 2: what was asked cannot be understood or may not start. */
function refuse(text: string): number {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
  return 2
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (problem: unknown) => {
    process.stderr.write(`dvara: ${sayProblem(problem)}\n`)
    process.exit(1)
  },
)
