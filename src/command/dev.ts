import { resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { openEmbeddedStores } from '../store/embedded.ts'
import { command } from './command.ts'
import { shipped } from './release.ts'

export const dev = command({
  process: 'dev',
  about: 'Everything in one process on embedded stores: to look at, and to develop against.',
  usage: 'dvara dev [settings]',
  own: {},
  async run({ config }) {
    // The embedded Postgres is 10 MB of WebAssembly. Compiling it twice, once well, takes half of
    // the start and both cores (1.9 s against 1.4 s); here a start is waited for, a query is not.
    setFlagsFromString('--liftoff-only')
    // Its compiler has threads of its own: the rest is loaded meanwhile.
    const parts = import('./dev-parts.ts')
    const stores = await openEmbeddedStores({
      directory: resolve(config.dataDirectory),
      migrationsDir: shipped.migrationsDir,
    })
    try {
      await (await parts).runDev(config, stores)
      return 0
    } finally {
      await stores.close()
    }
  },
})
