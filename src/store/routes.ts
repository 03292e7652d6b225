import { readFile, stat } from 'node:fs/promises'
import { type Document, parseDocument } from 'yaml'
import { type RouteTableReading, readRouteTable } from '../core/route.ts'

/** A policy file larger than this is not one. */
const POLICY_BYTES_MAX = 4 * 1024 * 1024

/** What a policy file says, or every problem in it. Throws nothing. */
export async function loadRouteTable(file: string): Promise<RouteTableReading> {
  let text: string
  try {
    const { size } = await stat(file)
    if (size > POLICY_BYTES_MAX) return { problems: [`${file}: larger than 4 MiB`] }
    text = await readFile(file, 'utf8')
  } catch (cause) {
    return { problems: [`${file}: cannot be read (${codeOf(cause)})`] }
  }
  const document = parseDocument(text, { uniqueKeys: true, merge: false })
  if (document.errors.length > 0) {
    return { problems: document.errors.map((error) => `${file}: ${firstLine(error.message)}`) }
  }
  const read = readRouteTable(toPlain(document))
  if ('table' in read) return read
  return { problems: read.problems.map((text) => `${file}: ${text}`) }
}

/** Undefined, which no table can be, for a document with aliases: they can grow without bound. */
function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    return undefined
  }
}

/** Identity of the file's content as far as the file system tells; undefined if it is gone. */
export async function modifiedAtOf(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return `${mtimeMs}:${size}:${ino}`
  } catch {
    return undefined
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
