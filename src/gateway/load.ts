/** Counts what an engine has open, so that draining knows when it is done. */
export interface Load {
  connections: number
  /** Requests whose answer is not yet handed over. */
  requests: number
  /** Must be called after either went down. */
  settle(): void
  /** Resolves when no connection is open, or after `withinMs` as soon as no request is. */
  drained(withinMs: number): Promise<void>
}

export function createLoad(): Load {
  let isLate = false
  let resolve: (() => void) | undefined

  const load: Load = {
    connections: 0,
    requests: 0,
    settle() {
      if (resolve === undefined) return
      if (load.connections > 0 && !(isLate && load.requests === 0)) return
      resolve()
      resolve = undefined
    },
    drained(withinMs) {
      return new Promise<void>((done) => {
        const timer = setTimeout(() => {
          isLate = true
          load.settle()
        }, withinMs)
        resolve = () => {
          clearTimeout(timer)
          done()
        }
        load.settle()
      })
    },
  }
  return load
}
