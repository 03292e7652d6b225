import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Done, Job } from './job.ts'

/**
 * A process that does one job at a time. In a process of node's test runner each promise is
 * followed from test to test, which makes a history cost half as much again.
 */
export interface Worker {
  do(job: Job): Promise<Done>
  /** It ends once what it was asked is done. */
  dismiss(): void
}

/**
 * Where all cores are busy, to collect garbage beside the work takes longer than in between. What
 * is alive while a history runs is carried along each time, so it is done seldom.
 */
const FLAGS = ['--single-threaded-gc', '--min-semi-space-size=32', '--max-semi-space-size=32']

const child = fileURLToPath(new URL('./child.js', import.meta.url))

export function hireWorker(): Worker {
  const one = fork(child, [], { execArgv: FLAGS })
  const ended = new Promise<never>((_, reject) => {
    one.once('error', reject)
    one.once('exit', (code, signal) => {
      reject(new Error(`a process of the simulation ended with ${code ?? signal}`))
    })
  })
  ended.catch(() => undefined)
  let before: Promise<unknown> = Promise.resolve()

  function ask(job: Job): Promise<Done> {
    const done = new Promise<Done>((resolve) => {
      one.once('message', (answer) => resolve(answer as Done))
    })
    one.send(job)
    return Promise.race([done, ended])
  }

  return {
    do(job) {
      const done = before.then(() => ask(job))
      before = done
      return done
    },
    dismiss() {
      if (one.connected) one.disconnect()
    },
  }
}

/** Runs all jobs in `processes` processes; `onDone` hears of each as it ends. */
export async function runJobs(
  jobs: readonly Job[],
  processes: number,
  onDone: (done: Done) => void,
): Promise<void> {
  const waiting = [...jobs]
  const crew = Array.from({ length: Math.min(processes, jobs.length) }, async () => {
    const worker = hireWorker()
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        onDone(await worker.do(job))
      }
    } finally {
      worker.dismiss()
    }
  })
  await Promise.all(crew)
}
