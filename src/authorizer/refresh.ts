/** Something compiled from rows that is known to be stale between a change and the next load. */
export interface Refreshed {
  /** Rows are known to have changed and are not compiled yet. */
  isStale(): boolean
  /** Says that the rows have changed, and begins to load them. */
  changed(): void
  /** Loads until nothing is stale; true if so, false after a fault. Never rejects. */
  refresh(): Promise<boolean>
  /** As `refresh`, and rejects with the fault. */
  load(): Promise<void>
}

/** Stale from the start. Loads asked for at once are one; a change during a load is not lost. */
export function createRefreshed(
  load: () => Promise<void>,
  onFault: (fault: unknown) => void,
): Refreshed {
  /** How many changes of the rows are known, and how many of them are compiled. */
  let changesKnown = 1
  let changesCompiled = 0
  let loading: Promise<void> | undefined
  let refreshing: Promise<boolean> | undefined

  async function loadAll(): Promise<void> {
    while (changesCompiled < changesKnown) {
      const target = changesKnown
      await load()
      changesCompiled = target
    }
  }

  function loadOnce(): Promise<void> {
    loading ??= loadAll().finally(() => {
      loading = undefined
    })
    return loading
  }

  function refresh(): Promise<boolean> {
    if (changesCompiled === changesKnown) return Promise.resolve(true)
    refreshing ??= loadOnce()
      .then(
        () => true,
        (fault: unknown) => {
          onFault(fault)
          return false
        },
      )
      .finally(() => {
        refreshing = undefined
      })
    return refreshing
  }

  return {
    isStale: () => changesCompiled !== changesKnown,
    changed() {
      changesKnown++
      void refresh()
    },
    refresh,
    load: loadOnce,
  }
}
