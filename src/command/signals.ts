/**
 * Resolves with the name of the signal that asks this process to stop. `onHangup` is called for
 * each SIGHUP. A second signal to stop ends the process at once.
 */
export function untilStopped(onHangup: () => void): Promise<NodeJS.Signals> {
  process.on('SIGHUP', onHangup)
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      resolve(signal)
      process.once('SIGINT', () => process.exit(130))
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
  })
}
