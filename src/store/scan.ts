import type { Each, Queryable, SqlValue } from './database.ts'

/** Rows that are read, and handed over, in one step. */
const ROWS_MAX = 2_000

// All rows will be read: a plan for the first few of them would be the wrong one.
const ALL_OF_IT = 'set local cursor_tuple_fraction = 1'
const FETCH = `fetch ${ROWS_MAX} from scan`

/** As `Database.scan`, in a transaction that is used for nothing else. */
export async function scanIn<Row>(
  transaction: Queryable,
  text: string,
  parameters: readonly SqlValue[],
  each: Each<Row>,
): Promise<void> {
  await transaction.query(ALL_OF_IT)
  await transaction.query(`declare scan no scroll cursor for ${text}`, parameters)
  let working: Promise<void> = Promise.resolve()
  let reading = transaction.query<Row>(FETCH)
  for (;;) {
    const rows = await reading
    if (rows.length === 0) return working
    reading = transaction.query<Row>(FETCH)
    // Awaited in the next round; without this an early failure would count as unhandled.
    reading.catch(() => undefined)
    await working
    working = each(rows)
    working.catch(() => undefined)
  }
}
