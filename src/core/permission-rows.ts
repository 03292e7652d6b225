import { ACTIONS, type Action, type Permission } from './rule.ts'

/** More than anybody has; keeps a broken generator from filling memory. */
const ROWS_MAX = 100_000
const FIELDS = ['id', 'role', 'verb', 'path', 'action', 'topic']
const TEXT_CHARS_MAX = 1024

/** Reads permission rows as a file has them; what is wrong is added to `problems`. */
export function readPermissionRows(value: unknown, problems: string[]): Permission[] {
  if (!Array.isArray(value) || value.length > ROWS_MAX) {
    problems.push(
      `\`permissions\` must be a list of at most ${ROWS_MAX} {role, verb, path, action}`,
    )
    return []
  }
  return value.flatMap((item: unknown, index) => {
    const where = `permissions[${index}]`
    const row = new Map(Object.entries(typeof item === 'object' && item !== null ? item : {}))
    for (const key of row.keys()) {
      if (!FIELDS.includes(key)) {
        problems.push(`\`${where}.${key}\` is not one of ${FIELDS.join(', ')}`)
      }
    }
    const text = (key: string): string => {
      const found = row.get(key)
      if (typeof found === 'string' && found !== '' && found.length <= TEXT_CHARS_MAX) return found
      problems.push(`\`${where}.${key}\` must be a text`)
      return ''
    }
    const [role, verb, path] = [text('role'), text('verb'), text('path')]
    const action = row.get('action')
    if (!isAction(action)) {
      problems.push(`\`${where}.action\` must be one of ${ACTIONS.join(', ')}`)
      return []
    }
    const id = row.get('id')
    const topic = row.get('topic')
    return [
      {
        ...{ role, verb, path, action },
        id: typeof id === 'number' ? id : index,
        topic: typeof topic === 'string' ? topic : null,
      },
    ]
  })
}

function isAction(value: unknown): value is Action {
  return typeof value === 'string' && (ACTIONS as readonly string[]).includes(value)
}
