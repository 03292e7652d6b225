import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Done, Job } from './job.ts'

/** Runs all jobs in `processes` processes; `onDone` hears of each as it ends. */
export async function runJobs(
  jobs: readonly Job[],
  processes: number,
  onDone: (done: Done) => void,
): Promise<void> {
  const waiting = [...jobs]
  const child = fileURLToPath(new URL('./child.js', import.meta.url))
  const crew = Array.from({ length: Math.min(processes, jobs.length) }, () => {
    return new Promise<void>((resolve, reject) => {
      const one = fork(child, [], { execArgv: [] })
      const next = () => {
        const job = waiting.shift()
        if (job !== undefined) one.send(job)
        else one.disconnect()
      }
      one.on('message', (done) => {
        onDone(done as Done)
        next()
      })
      one.on('error', reject)
      one.on('exit', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`a process of the simulation ended with ${code}`))
      })
      next()
    })
  })
  await Promise.all(crew)
}
