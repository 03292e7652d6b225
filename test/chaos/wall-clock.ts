import { readFileSync } from 'node:fs'

/*
 * Loaded before the product by `node --import`: puts the wall clock of one process forward or back
 * by the milliseconds in a file, while it runs. The monotonic clock stays as it is.
 */
const file = process.env.CHAOS_CLOCK_FILE
const LOOK_MS = 20

if (file !== undefined) {
  const realNow = Date.now.bind(Date)
  let aheadMs = 0
  const look = () => {
    try {
      aheadMs = Number(readFileSync(file, 'utf8')) || 0
    } catch {
      aheadMs = 0
    }
  }
  look()
  setInterval(look, LOOK_MS).unref()
  const now = () => realNow() + aheadMs
  globalThis.Date = new Proxy(Date, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
    get: (target, name, receiver) =>
      name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown),
  })
}
