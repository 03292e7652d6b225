import assert from 'node:assert'
import { readFile } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import type { PGlite, Transaction } from '@electric-sql/pglite'
import type { Answer, Asked, Failure, Question } from './pglite-link.ts'

// A thread with Postgres in it. Postgres runs as plain code, without a pause: here it holds up
// nobody but itself, neither other modules' loading at the start nor the event loop later.

// The compiler's libraries name WebAssembly only together with a browser's.
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> }

interface OpenTransaction {
  readonly engine: Transaction
  /** Commits, unless it was rolled back. */
  finish(): void
  readonly finished: Promise<void>
}

assert(parentPort !== null, 'this file is the inside of a thread')
const port = parentPort

/**
 * For one process with a small database. Postgres clears these buffers when it starts: with the
 * 128 MB that suit a server this was a third of the opening, and all of them stayed in memory.
 */
const SETTINGS = ['-c', 'shared_buffers=16MB']

// Both begin at once, as they take no time of one another.
const compiled = compileEngine()
const loaded = import('@electric-sql/pglite')
// Who asks hears of it.
compiled.catch(() => undefined)

let pglite: PGlite | undefined
const transactions = new Map<number, OpenTransaction>()

port.on('message', ({ id, question }: Asked) => {
  answer(id, question).then(
    (value) => port.postMessage({ id, value } satisfies Answer),
    (cause: unknown) => port.postMessage({ id, failure: failureOf(cause) } satisfies Answer),
  )
})

async function answer(id: number, question: Question): Promise<unknown> {
  if (question.kind === 'compile') {
    await compiled
    return undefined
  }
  if (question.kind === 'open') return open(question.folder)
  assert(pglite !== undefined, 'asked before it was opened')
  switch (question.kind) {
    case 'query': {
      const engine = engineOf(pglite, question.transaction)
      return (await engine.query(question.text, [...question.parameters])).rows
    }
    case 'execute':
      await engineOf(pglite, question.transaction).exec(question.text)
      return undefined
    case 'begin':
      return begin(pglite, id)
    case 'commit':
      return finish(question.transaction)
    case 'rollback':
      return rollback(question.transaction)
    case 'close':
      return pglite.close()
  }
}

async function open(folder: string | undefined): Promise<void> {
  const { PGlite } = await loaded
  class Engine extends PGlite {
    /** Reads which types are arrays: ours travel as JSON, and it took a tenth of the opening. */
    override async _initArrayTypes(): Promise<void> {}
  }
  pglite = new Engine({
    ...(folder === undefined ? {} : { dataDir: folder }),
    ...(await compiled),
    startParams: [...PGlite.defaultStartParams, ...SETTINGS],
  })
  await pglite.waitReady
  // A damaged cluster may open well and fail at its first question.
  await pglite.query('select count(*) from pg_class')
}

/** The package would do so when it is loaded, and tell nobody when it is done. */
async function compileEngine() {
  const compile = async (name: string) => {
    const file = new URL(name, import.meta.resolve('@electric-sql/pglite'))
    return WebAssembly.compile(await readFile(file))
  }
  const [pgliteWasmModule, initdbWasmModule] = await Promise.all([
    compile('./pglite.wasm'),
    compile('./initdb.wasm'),
  ])
  return { pgliteWasmModule, initdbWasmModule }
}

/** Resolves to the transaction's number, once it is its turn. */
function begin(engine: PGlite, id: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const finished = engine.transaction(
      (transaction) =>
        new Promise<void>((finish) => {
          transactions.set(id, {
            engine: transaction,
            finish,
            get finished() {
              return finished
            },
          })
          resolve(id)
        }),
    )
    // After its turn has come, who finishes it hears of it.
    finished.catch(reject)
  })
}

async function rollback(id: number): Promise<void> {
  try {
    await take(id).engine.rollback()
  } finally {
    await finish(id)
  }
}

async function finish(id: number): Promise<void> {
  const transaction = take(id)
  transactions.delete(id)
  transaction.finish()
  await transaction.finished
}

function engineOf(engine: PGlite, id: number | undefined): PGlite | Transaction {
  return id === undefined ? engine : take(id).engine
}

function take(id: number): OpenTransaction {
  const transaction = transactions.get(id)
  if (transaction === undefined) throw new Error('the transaction is closed')
  return transaction
}

function failureOf(cause: unknown): Failure {
  const { message, code, constraint } = Object(cause) as Record<string, unknown>
  return {
    message: textOf(message) ?? String(cause),
    code: textOf(code),
    constraint: textOf(constraint),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
