import {
  CATEGORIES,
  CODE_MAX,
  CODE_MIN,
  defaultCode,
  isValueOf,
  type Restriction,
  SCOPES,
  STATES,
} from './restriction.ts'

/** More than anybody has; keeps a broken generator from filling memory. */
const ROWS_MAX = 100_000
const FIELDS = ['id', 'category', 'scope', 'value', 'code', 'state']
const VALUE_CHARS_MAX = 64

/**
 * Reads restriction rows as a file has them: the fields of the admin API, with its defaults. What
 * is wrong is added to `problems`.
 */
export function readRestrictionRows(value: unknown, problems: string[]): Restriction[] {
  if (!Array.isArray(value) || value.length > ROWS_MAX) {
    problems.push(`\`restrictions\` must be a list of at most ${ROWS_MAX} {category, scope, value}`)
    return []
  }
  const places = new Map<string, string>()
  return value.flatMap((item: unknown, index) => {
    const where = `restrictions[${index}]`
    const row = readRow(item, index, where, problems)
    if (row === undefined) return []
    const name = `${row.category} ${row.scope} ${row.value}`
    const before = places.get(name)
    if (before !== undefined) problems.push(`\`${where}\` is the same row as ${before}`)
    places.set(name, where)
    return [row]
  })
}

function readRow(
  item: unknown,
  index: number,
  where: string,
  problems: string[],
): Restriction | undefined {
  const row = new Map(Object.entries(typeof item === 'object' && item !== null ? item : {}))
  for (const key of row.keys()) {
    if (!FIELDS.includes(key)) {
      problems.push(`\`${where}.${key}\` is not one of ${FIELDS.join(', ')}`)
    }
  }
  const oneOf = <Word extends string>(key: string, words: readonly Word[], other?: Word) => {
    const given = row.get(key) ?? other
    const word = words.find((each) => each === given)
    if (word === undefined) problems.push(`\`${where}.${key}\` must be one of ${words.join(', ')}`)
    return word
  }
  const category = oneOf('category', CATEGORIES)
  const scope = oneOf('scope', SCOPES)
  const state = oneOf('state', STATES, 'enabled')
  if (category === undefined || scope === undefined || state === undefined) return undefined
  const value = row.get('value') ?? (scope === 'all' ? 'all' : undefined)
  const isText = typeof value === 'string' && value.length <= VALUE_CHARS_MAX
  if (!isText || !isValueOf(scope, value)) {
    problems.push(`\`${where}.value\` is no ${scope}`)
    return undefined
  }
  const code = row.get('code') ?? defaultCode(category, scope)
  if (!Number.isInteger(code) || Number(code) < CODE_MIN || Number(code) > CODE_MAX) {
    problems.push(`\`${where}.code\` must be a status from ${CODE_MIN} to ${CODE_MAX}`)
    return undefined
  }
  const id = row.get('id')
  return {
    ...{ category, scope, value, state, code: Number(code) },
    id: typeof id === 'number' ? id : index,
  }
}
