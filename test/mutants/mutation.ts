/** One line of `src/` made wrong, and who has to notice. */
export interface Mutation {
  readonly name: string
  /** Below `src/`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly before: string
  readonly after: string
  /** Test files below `test/`, without `.test.ts`: one of them must fail. The quickest first. */
  readonly killers: readonly string[]
}

type Row = readonly [name: string, before: string, after: string]

/** Mistakes in one file that the same tests, named with blanks between them, have to notice. */
export function mutationsOf(file: string, killers: string, rows: readonly Row[]): Mutation[] {
  return rows.map(([name, before, after]) => {
    return { name, file, before, after, killers: killers.split(' ') }
  })
}

/** The file with the mistake in it; throws an Error unless it holds the right text just once. */
export function mutate(source: string, { name, file, before, after }: Mutation): string {
  const parts = source.split(before)
  if (parts.length === 2) return parts.join(after)
  const found = parts.length === 1 ? 'does not hold' : 'holds more than once'
  throw new Error(`${name} no longer applies: src/${file} ${found} ${JSON.stringify(before)}`)
}
