import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../config/root.ts'

/** The version that package.json states. */
export function readVersion(): string {
  const text = readFileSync(join(projectRoot, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** What is shipped beside the code. */
export const shipped = {
  policyFile: join(projectRoot, 'src/authorizer/policy.yml'),
  migrationsDir: join(projectRoot, 'migrations'),
  seedsDir: join(projectRoot, 'migrations/seeds'),
} as const
