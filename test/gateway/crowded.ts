// A server in a process of its own, so that the process can be given few files: its port, then a
// line for each thing that it reports.
import { type EngineKind, openServer } from './opened.ts'

const opened = await openServer(process.argv[2] as EngineKind, {
  report: (event) => process.stdout.write(`${event.kind}\n`),
  nowUs: () => Math.round(performance.now() * 1000),
})
process.stdout.write(`${opened.port}\n`)
