import type { Config } from '../config/settings.ts'
import type { Permission } from '../core/rule.ts'
import { type CandidateFile, loadCandidate } from '../store/candidate.ts'
import { openDatabase } from '../store/open.ts'
import { createPermissions } from '../store/sql-policies.ts'

export interface PolicyCommand {
  readonly config: Config
  readonly file: string
  readonly permissionsFile: string | undefined
  readonly isJson: boolean
  readonly print: (text: string) => void
}

/** A policy, and where its permission rows come from. */
export interface PolicySource {
  readonly routes: CandidateFile
  readonly permissions: readonly Permission[] | undefined
  /** The file of the rows, with its lines; undefined where they are from the database. */
  readonly rowsFile: { readonly name: string; readonly read: CandidateFile } | undefined
}

/** Rows in the file itself, in one of their own, or in the database; in this order. */
export async function openPolicySource(given: PolicyCommand): Promise<PolicySource> {
  const { config, file, permissionsFile } = given
  const routes = await loadCandidate(file)
  if (permissionsFile !== undefined) {
    const read = await loadCandidate(permissionsFile)
    return { routes, permissions: read.permissions, rowsFile: { name: permissionsFile, read } }
  }
  if (routes.permissions !== undefined || config.databaseUrl === undefined) {
    return { routes, permissions: routes.permissions, rowsFile: { name: file, read: routes } }
  }
  const database = openDatabase({ databaseUrl: config.databaseUrl.reveal() })
  try {
    const { rows } = await createPermissions(database).loadPermissions()
    return { routes, permissions: rows, rowsFile: undefined }
  } finally {
    await database.close()
  }
}

/** What keeps the policy from being read, with the file's name. */
export function problemsOf({ file }: PolicyCommand, source: PolicySource): string[] {
  const { routes, rowsFile } = source
  const problems = routes.problems.map((text) => `${file}: ${text}`)
  if (rowsFile !== undefined && rowsFile.read !== routes) {
    problems.push(...rowsFile.read.problems.map((text) => `${rowsFile.name}: ${text}`))
  }
  return problems
}
