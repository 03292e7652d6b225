/**
 * For `node --expose-gc --import`: on SIGUSR2 the process collects its garbage and prints what is
 * left, so that memory can be told from garbage.
 */
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.stderr.write(`live bytes ${heapUsed + external}\n`)
})
