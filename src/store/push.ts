import { Fault } from '../core/fault.ts'
import { type Invalidation, SCOPES, type Scope } from '../core/invalidation.ts'

const PUSH = /^(\d{1,16}) ([a-z]+) ([^ ]{0,128})$/

/** A pushed `<seq> <scope> <id>`; undefined if it cannot be read: then ask the log. */
export function readPush(text: string): Invalidation | undefined {
  const parts = PUSH.exec(text)
  if (parts === null) return undefined
  const seq = Number(parts[1])
  const scope = parts[2] as string
  if (!Number.isSafeInteger(seq) || !isScope(scope)) return undefined
  return { seq, scope, id: parts[3] as string }
}

/** An entry of the stream, `[id, ['s', scope, 'd', id]]`; Fault `store_garbage` otherwise. */
export function readEntry(entry: unknown): Invalidation {
  const [id, fields] = Array.isArray(entry) ? entry : []
  const words: unknown[] = Array.isArray(fields) ? fields.map(String) : []
  const seq = Number(/^(\d+)-0$/.exec(String(id))?.[1] ?? Number.NaN)
  const [scopeName, scope, idName, subject] = words
  const isRead = scopeName === 's' && idName === 'd' && Number.isSafeInteger(seq)
  if (!isRead || typeof subject !== 'string' || !isScope(scope)) {
    throw new Fault('store_garbage', { about: 'an entry of the log cannot be read' })
  }
  return { seq, scope, id: subject }
}

function isScope(word: unknown): word is Scope {
  return (SCOPES as readonly unknown[]).includes(word)
}
