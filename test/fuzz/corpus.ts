import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'
import type { Kept } from './target.ts'
import { keptFromJson, keptToJson } from './target.ts'

/** Cases that were wrong once, or that nobody would draw by chance. */
const CORPUS = join(projectRoot, 'test/fuzz/corpus')

/** Writes a case down and returns its file. */
export function keep(kept: Kept, directory = CORPUS): string {
  const text = keptToJson(kept)
  const input = JSON.stringify(JSON.parse(text).input)
  const digest = createHash('sha256').update(input).digest('hex')
  const path = join(directory, `${kept.target}-${digest.slice(0, 8)}.json`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(path, text)
  return path
}

export function readCorpus(directory = CORPUS): { file: string; kept: Kept }[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ file, kept: keptFromJson(readFileSync(join(directory, file), 'utf8')) }))
}
