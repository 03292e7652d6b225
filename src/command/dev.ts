import { resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { openDirectory } from '../store/directory.ts'
import { command } from './command.ts'
import { assertFree } from './free-ports.ts'

export const dev = command({
  process: 'dev',
  about: 'Everything in one process on embedded stores: to look at, and to develop against.',
  usage: 'dvara dev [settings]',
  own: {},
  async run({ config }) {
    await assertFree([config.listen, config.identityListen, config.opsListen])
    // The embedded Postgres is 10 MB of WebAssembly. Compiling it twice, once well, takes half of
    // the start and both cores (1.9 s against 1.4 s); here a start is waited for, a query is not.
    setFlagsFromString('--liftoff-only')
    const opening = openInThread(resolve(config.dataDirectory))
    await opening.begun
    // The rest is loaded in this thread meanwhile: each takes 0.7 s.
    const [database, { runDev }] = await Promise.all([opening.done, import('./dev-parts.ts')])
    // Our own WebAssembly is small, and signs for every check.
    setFlagsFromString('--no-liftoff-only')
    await runDev(config, database)
    return 0
  },
})

/** `begun` also when it failed before: `done` says why. */
function openInThread(directory: string) {
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const done = openDirectory(directory, begin)
  done.catch(begin)
  return { begun, done }
}
