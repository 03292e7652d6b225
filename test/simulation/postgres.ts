import { Fault } from '../../src/core/fault.ts'
import type { Database, Each, Queryable, SqlValue } from '../../src/store/database.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import { type Lock, type Statement, statementOf } from './statements.ts'

export type TableName =
  | 'users'
  | 'sessions'
  | 'changes'
  | 'epoch'
  | 'keys'
  | 'permissions'
  | 'policyVersion'
  | 'secondLeases'
export type Row = Readonly<Record<string, SqlValue>>

/** One transaction's sight of the tables: what is committed, and what it wrote itself. */
export interface View {
  get(table: TableName, key: string): Row | undefined
  all(table: TableName): readonly Row[]
  put(table: TableName, key: string, row: Row): void
  remove(table: TableName, key: string): void
  nextId(): number
}

/** Postgres, as far as the stores lean on it: row locks, read committed, all or nothing. */
export interface Postgres {
  /** The connections of one process. */
  connect(machine: Machine, random: Random): Database
  /** For what was there before the history began. */
  readonly committed: View
  /** All transactions and locks are gone; nothing is answered for so long. */
  restart(downMs: number): void
}

interface Transaction {
  readonly view: View
  readonly held: Map<string, Lock['mode']>
  isOver: boolean
  commit(): void
}

interface Waiter {
  readonly transaction: Transaction
  readonly locks: readonly Lock[]
  readonly go: () => void
}

/** A place in the queue for an advisory lock; the first has it. */
interface Turn {
  readonly machine: Machine
  go: () => void
}

const STATEMENT_TIMEOUT_MS = 5_000
/** Until the server notices that a client is gone. */
const NOTICE_MS = 20
/** Rows that are handed over in one step of a scan. */
const SCANNED_ROWS = 8

export function createPostgres(schedule: Schedule): Postgres {
  const tables = new Map<TableName, Map<string, Row>>()
  const advisory = new Map<number, Turn[]>()
  const open = new Set<Transaction>()
  let waiters: Waiter[] = []
  let downUntilMs = -1
  let generation = 0
  let ids = 0

  function table(name: TableName): Map<string, Row> {
    const rows = tables.get(name) ?? new Map<string, Row>()
    tables.set(name, rows)
    return rows
  }

  function begin(): Transaction {
    const written = new Map<TableName, Map<string, Row | undefined>>()
    const own = (name: TableName) => written.get(name) ?? new Map<string, Row | undefined>()
    function write(name: TableName, key: string, row: Row | undefined): void {
      const rows = own(name)
      rows.set(key, row)
      written.set(name, rows)
    }
    const transaction: Transaction = {
      held: new Map(),
      isOver: false,
      view: {
        get(name, key) {
          const rows = written.get(name)
          return rows?.has(key) ? rows.get(key) : table(name).get(key)
        },
        all(name) {
          const rows = written.get(name)
          if (rows === undefined) return [...table(name).values()]
          const merged = new Map<string, Row | undefined>(table(name))
          for (const [key, row] of rows) merged.set(key, row)
          return [...merged.values()].filter((row) => row !== undefined)
        },
        put: write,
        remove: (name, key) => write(name, key, undefined),
        nextId: () => ++ids,
      },
      commit() {
        for (const [name, rows] of written) {
          for (const [key, row] of rows) {
            if (row === undefined) table(name).delete(key)
            else table(name).set(key, row)
          }
        }
        end(transaction)
      },
    }
    open.add(transaction)
    return transaction
  }

  function end(transaction: Transaction): void {
    if (transaction.isOver) return
    transaction.isOver = true
    open.delete(transaction)
    wakeWaiters()
  }

  function canHold(of: Transaction, { row, mode }: Lock): boolean {
    for (const other of open) {
      if (other === of) continue
      const held = other.held.get(row)
      if (held !== undefined && (held === 'exclusive' || mode === 'exclusive')) return false
    }
    return true
  }

  function acquire(of: Transaction, locks: readonly Lock[]): boolean {
    if (!locks.every((lock) => canHold(of, lock))) return false
    for (const { row, mode } of locks) {
      if (of.held.get(row) !== 'exclusive') of.held.set(row, mode)
    }
    return true
  }

  /** In the order in which they came; each may take what the next one waits for. */
  function wakeWaiters(): void {
    const all = waiters
    waiters = []
    for (const one of all) {
      if (one.transaction.isOver) continue
      if (acquire(one.transaction, one.locks)) one.go()
      else waiters.push(one)
    }
  }

  /** Runs the statement as soon as it has its locks; false if that takes too long. */
  function execute(
    transaction: Transaction,
    statement: Statement,
    parameters: readonly SqlValue[],
    done: (rows: readonly Row[] | undefined) => void,
  ): void {
    const run = () => done(statement.run(transaction.view, parameters))
    const locks = statement.locks?.(transaction.view, parameters) ?? []
    if (acquire(transaction, locks)) {
      run()
      return
    }
    let isLate = false
    const planned = schedule.plan(schedule.nowMs() + STATEMENT_TIMEOUT_MS, () => {
      isLate = true
      waiters = waiters.filter((one) => one.go !== go)
      done(undefined)
    })
    const go = () => {
      planned.call = undefined
      if (!isLate) run()
    }
    waiters.push({ transaction, locks, go })
  }

  const server = {
    ...{ schedule, begin, end, execute, advisory },
    isUp: () => schedule.nowMs() >= downUntilMs,
    generation: () => generation,
  }
  return {
    connect: (machine, random) => createClient(server, machine, random),
    committed: {
      get: (name, key) => table(name).get(key),
      all: (name) => [...table(name).values()],
      put: (name, key, row) => void table(name).set(key, row),
      remove: (name, key) => void table(name).delete(key),
      nextId: () => ++ids,
    },
    restart(downMs) {
      generation += 1
      downUntilMs = schedule.nowMs() + downMs
      waiters = []
      for (const one of open) one.isOver = true
      open.clear()
      // Whoever held such a lock goes on without knowing; whoever waited for one is told.
      advisory.clear()
    },
  }
}

interface OwnServer {
  readonly schedule: Schedule
  begin(): Transaction
  end(transaction: Transaction): void
  execute(
    transaction: Transaction,
    statement: Statement,
    parameters: readonly SqlValue[],
    done: (rows: readonly Row[] | undefined) => void,
  ): void
  readonly advisory: Map<number, Turn[]>
  isUp(): boolean
  generation(): number
}

const gone = () => new Fault('store_unavailable', { about: 'Postgres' })

function createClient(server: OwnServer, machine: Machine, random: Random): Database {
  const { schedule, advisory } = server

  const tripMs = () => 0.1 + random.next() * 0.5
  const back = (call: () => void): void => {
    schedule.plan(schedule.nowMs() + tripMs(), () => machine.deliver(call, 'postgres'))
  }

  /** There and back; `work` runs on the server and answers when it likes. */
  function ask<T>(
    work: (answer: (value: T) => void, refuse: (fault: Fault) => void) => void,
  ): Promise<T> {
    const asked = server.generation()
    return new Promise((resolve, reject) => {
      const refuse = (fault: Fault) => back(() => reject(fault))
      const answer = (value: T) =>
        back(() => (asked === server.generation() ? resolve(value) : reject(gone())))
      schedule.plan(schedule.nowMs() + tripMs(), () => {
        if (server.isUp() && asked === server.generation()) work(answer, refuse)
        else refuse(gone())
      })
    })
  }

  function statement(transaction: Transaction, isAlone: boolean): Queryable['query'] {
    return <T>(text: string, parameters: readonly SqlValue[] = []) => {
      const known = statementOf(text)
      return ask<T[]>((answer, refuse) => {
        if (transaction.isOver) return refuse(gone())
        server.execute(transaction, known, parameters, (rows) => {
          if (rows === undefined) server.end(transaction)
          else if (isAlone) transaction.commit()
          if (rows === undefined) refuse(new Fault('store_timeout', { about: 'Postgres' }))
          else answer(rows as unknown as T[])
        })
      })
    }
  }

  /** A client that died takes its transaction with it, once the server notices. */
  function watch(transaction: Transaction): void {
    schedule.plan(schedule.nowMs() + NOTICE_MS, () => {
      if (transaction.isOver) return
      if (machine.isAlive()) watch(transaction)
      else server.end(transaction)
    })
  }

  return {
    query: (text, parameters) => statement(server.begin(), true)(text, parameters),
    execute: () => Promise.reject(new Error('no migrations in a history')),
    async scan<T>(text: string, parameters: readonly SqlValue[], each: Each<T>) {
      const opened = server.generation()
      const rows = await statement(server.begin(), true)<T>(text, parameters)
      for (let at = 0; at < rows.length; at += SCANNED_ROWS) {
        await ask<void>((answer) => answer())
        // A server that was restarted knows nothing of what was begun before.
        if (opened !== server.generation()) throw gone()
        await each(rows.slice(at, at + SCANNED_ROWS))
      }
    },
    async transaction(work) {
      const transaction = server.begin()
      watch(transaction)
      const query = statement(transaction, false)
      try {
        const value = await work({ query, execute: () => Promise.reject(new Error('no')) })
        await ask<undefined>((answer, refuse) => {
          if (transaction.isOver) return refuse(gone())
          transaction.commit()
          answer(undefined)
        })
        return value
      } catch (problem) {
        if (!transaction.isOver) ask<void>(() => server.end(transaction)).catch(() => undefined)
        throw problem
      }
    },
    async exclusive(lock, work) {
      const turn: Turn = { machine, go: () => undefined }
      await ask<undefined>((answer) => {
        turn.go = () => answer(undefined)
        const queue = advisory.get(lock) ?? []
        advisory.set(lock, queue)
        queue.push(turn)
        if (queue[0] === turn) turn.go()
        watchTurn(lock, turn)
      })
      try {
        return await work()
      } finally {
        schedule.plan(schedule.nowMs() + tripMs(), () => endTurn(lock, turn))
      }
    },
    close: () => Promise.resolve(),
  }

  function endTurn(lock: number, turn: Turn): void {
    const queue = advisory.get(lock) ?? []
    const at = queue.indexOf(turn)
    if (at === -1) return
    queue.splice(at, 1)
    if (at === 0) queue[0]?.go()
  }

  /** Whoever died gives its turn up, once the server notices. */
  function watchTurn(lock: number, turn: Turn): void {
    schedule.plan(schedule.nowMs() + NOTICE_MS, () => {
      if (advisory.get(lock)?.includes(turn) !== true) return
      if (machine.isAlive()) watchTurn(lock, turn)
      else endTurn(lock, turn)
    })
  }
}
