import { Worker } from 'node:worker_threads'
import { Fault } from '../core/fault.ts'
import type { SqlValue } from './database.ts'

/** What the thread is asked. `transaction` is the number that `begin` was answered with. */
export type Question =
  | { readonly kind: 'compile' }
  | { readonly kind: 'open'; readonly folder: string | undefined }
  | {
      readonly kind: 'query'
      readonly transaction: number | undefined
      readonly text: string
      readonly parameters: readonly SqlValue[]
    }
  | { readonly kind: 'execute'; readonly transaction: number | undefined; readonly text: string }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' | 'rollback'; readonly transaction: number }
  | { readonly kind: 'close' }

/** Each is answered once, under its number, in any order. */
export interface Asked {
  readonly id: number
  readonly question: Question
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure }

/** What is left of an error on the way between threads: enough to tell which fault it is. */
export interface Failure {
  readonly message: string
  readonly code: string | undefined
  readonly constraint: string | undefined
}

/** This side of a thread that answers questions. */
export interface Link {
  /** Throws what the thread threw, or the fault `store_unavailable` once it has ended. */
  ask(question: Question): Promise<unknown>
  /** Ends the thread at once; what was asked and not answered fails. */
  end(): Promise<void>
}

interface Waiting {
  resolve(value: unknown): void
  reject(reason: Error): void
}

/** Starts the thread of `file`. It keeps the process alive only while it owes an answer. */
export function startLink(file: URL): Link {
  // No arguments of the process's own: they may be for the main program alone.
  const worker = new Worker(file, { name: 'pglite', execArgv: [] })
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let isEnded = false

  const endAll = (cause: unknown) => {
    isEnded = true
    for (const { reject } of waiting.values()) reject(unavailable(cause))
    waiting.clear()
  }
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
    if ('failure' in answer) asked?.reject(errorFrom(answer.failure))
    else asked?.resolve(answer.value)
  })
  worker.on('messageerror', (cause) => {
    // Whose answer it was cannot be told, so nobody may go on waiting.
    endAll(cause)
    void worker.terminate()
  })
  worker.on('error', endAll)
  worker.on('exit', () => endAll(new Error('its thread has ended')))
  worker.unref()

  return {
    ask(question) {
      if (isEnded) return Promise.reject(unavailable(new Error('it is closed')))
      const id = ++lastId
      return new Promise((resolve, reject) => {
        worker.postMessage({ id, question } satisfies Asked)
        waiting.set(id, { resolve, reject })
        worker.ref()
      })
    },
    async end() {
      endAll(new Error('it is closed'))
      await worker.terminate()
    },
  }
}

function unavailable(cause: unknown): Fault {
  return new Fault('store_unavailable', { about: 'PGlite', cause })
}

function errorFrom({ message, code, constraint }: Failure): Error {
  return Object.assign(new Error(message), { code, constraint })
}
