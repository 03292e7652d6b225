// `npm start`: what is missing or stale is made, then `dvara dev` runs in this very process.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepare, root } from './prepare.mjs'

prepare()
const main = join(root, 'dist/dvara/main.js')
process.argv = [process.argv[0], main, 'dev', ...process.argv.slice(2)]
await import(pathToFileURL(main).href)
