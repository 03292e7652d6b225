/** A value that both SQL drivers send alike; times and arrays travel as numbers and JSON text. */
export type SqlValue = string | number | boolean | null

/** Runs whole statements. Throws a Fault: `store_conflict` names the constraint that was hit. */
export interface Queryable {
  query<Row>(text: string, parameters?: readonly SqlValue[]): Promise<Row[]>
  /** Several statements in one text, without parameters: migrations only. */
  execute(text: string): Promise<void>
}

/** What is done with some of the rows of a scan. */
export type Each<Row> = (rows: readonly Row[]) => Promise<void>

/** SQL as the stores see it: Postgres, or PGlite inside this process. */
export interface Database extends Queryable {
  /** All or nothing. Inside, only `transaction` may be asked: PGlite has one connection. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T>
  /**
   * Hands over all rows of a statement, as of one moment, some thousand at a time: the next ones
   * are read while `each` is at work on those before. One call of `each` at a time.
   */
  scan<Row>(text: string, parameters: readonly SqlValue[], each: Each<Row>): Promise<void>
  /** Runs `work` while nobody else, in any process, runs under the same lock. */
  exclusive<T>(lock: number, work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Advisory lock numbers: one table, so that two purposes never share one. */
export const LOCKS = { migrate: 712_001, seal: 712_002 } as const
