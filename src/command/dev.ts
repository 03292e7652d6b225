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
    // The rest is loaded and made ready in this thread meanwhile: each takes 0.6 s.
    const { runDev } = await import('./dev-parts.ts')
    await opening.compiled
    // Our own WebAssembly is small, and signs for every check.
    setFlagsFromString('--no-liftoff-only')
    await runDev(config, opening.database)
    return 0
  },
})

/** `begun` rejects if the directory is not to be had; `compiled` does not: `database` says why. */
function openInThread(directory: string) {
  let onCompiled = () => {}
  const compiled = new Promise<void>((resolve) => {
    onCompiled = resolve
  })
  let onBegun = () => {}
  let onFailed: (problem: unknown) => void = () => {}
  const begun = new Promise<void>((resolve, reject) => {
    onBegun = resolve
    onFailed = reject
  })
  const database = openDirectory(directory, { onCompiled, onBegun })
  database.catch(onFailed)
  database.catch(onCompiled)
  return { begun, compiled, database }
}
