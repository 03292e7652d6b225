import { type Job, runJob } from './job.ts'

/** One process of many: does one job after the other, as they are sent. */
process.on('message', (job: Job) => {
  runJob(job).then(
    (done) => process.send?.(done),
    (problem: unknown) => {
      console.error(problem)
      process.exit(1)
    },
  )
})
