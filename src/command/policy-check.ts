import { type Finding, lintPolicy } from '../core/lint.ts'
import type { CandidateFile } from '../store/candidate.ts'
import { openPolicySource, type PolicyCommand, type PolicySource } from './policy-source.ts'

/** A finding with its place in a file that an editor can open. */
interface Placed extends Finding {
  readonly file: string
  readonly line: number | null
}

/** Exit 0: nothing but notes. 1: errors or warnings. 2: the file could not be read at all. */
export async function checkPolicy(given: PolicyCommand): Promise<number> {
  const source = await openPolicySource(given)
  const { routes, rowsFile } = source
  const isUnread = [routes, rowsFile?.read].some(
    (one) =>
      one !== undefined &&
      [one.written, one.permissions, one.restrictions].every((part) => part === undefined),
  )
  const lint = lintPolicy(routes.written, routes.table, source.permissions)
  const refused = refusals(given, source, lint)
  const findings = [...refused, ...lint.map((one) => place(given, source, one))]
  findings.sort((one, other) => Number(one.line ?? 0) - Number(other.line ?? 0))
  if (given.isJson) given.print(`${JSON.stringify({ findings }, null, 2)}\n`)
  else given.print(render(findings))
  if (isUnread) return 2
  return findings.some(({ severity }) => severity !== 'note') ? 1 : 0
}

/** What a start would refuse, unless a finding says the same better. */
function refusals(given: PolicyCommand, source: PolicySource, lint: readonly Finding[]): Placed[] {
  const known = new Set(lint.map(({ where }) => where))
  const of = (file: string, read: CandidateFile): Placed[] =>
    read.problems.flatMap((why) => {
      const where = /`([^`]+)`/.exec(why)?.[1] ?? ''
      if (known.has(where)) return []
      const line = read.lineOf(where) ?? null
      const remedy = 'correct it: the file is not put in force as it is'
      return [{ severity: 'error', where, why, remedy, file, line }]
    })
  const found = of(given.file, source.routes)
  const { rowsFile } = source
  if (rowsFile === undefined || rowsFile.read === source.routes) return found
  return [...found, ...of(rowsFile.name, rowsFile.read)]
}

function place({ file }: PolicyCommand, { routes, rowsFile }: PolicySource, one: Finding): Placed {
  if (!one.where.startsWith('permissions')) {
    return { ...one, file, line: routes.lineOf(one.where) ?? null }
  }
  if (rowsFile === undefined) return { ...one, file: 'database', line: null }
  return { ...one, file: rowsFile.name, line: rowsFile.read.lineOf(one.where) ?? null }
}

function render(findings: readonly Placed[]): string {
  const lines = findings.map(({ file, line, severity, where, why, remedy }) => {
    const at = line === null ? file : `${file}:${line}`
    return `${at}: ${severity}: ${where === '' ? '' : `${where}: `}${why}\n    ${remedy}\n`
  })
  const count = (wanted: Finding['severity']) =>
    findings.filter(({ severity }) => severity === wanted).length
  const sum = `${count('error')} errors, ${count('warning')} warnings, ${count('note')} notes\n`
  return `${lines.join('')}${sum}`
}
