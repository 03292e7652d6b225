import { stat } from 'node:fs/promises'
import type { Keyring } from './keyring.ts'

export interface KeyringWatch {
  /** Reads the keyring again now; true if what is there is in force. Never rejects. */
  look(): Promise<boolean>
  close(): void
}

/**
 * Reads a ring of keys again whenever its directory changes: keys are written beside it and renamed
 * into place, which touches the directory. A ring that is refused leaves the old one in force.
 */
export function watchKeyring(options: {
  readonly directory: string
  readonly keyring: Pick<Keyring, 'reload'>
  readonly everyMs: number
  readonly onRefused: (problem: string) => void
}): KeyringWatch {
  const { directory, keyring, everyMs, onRefused } = options
  let changedAtMs: number | undefined

  async function look(): Promise<boolean> {
    try {
      const reloaded = await keyring.reload()
      if (!reloaded.ok) onRefused(reloaded.problem)
      return reloaded.ok
    } catch (cause) {
      onRefused(cause instanceof Error ? cause.message : String(cause))
      return false
    }
  }

  async function lookIfChanged(): Promise<void> {
    const before = changedAtMs
    changedAtMs = await stat(directory).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    )
    if (before !== undefined && changedAtMs !== before) await look()
  }

  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  function watch(): void {
    if (isClosed) return
    timer = setTimeout(() => void lookIfChanged().finally(watch), everyMs)
    timer.unref()
  }
  void lookIfChanged().finally(watch)

  return {
    look,
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

/** Watches several rings at once; they may lie in one directory. */
export function watchKeyrings(options: {
  readonly rings: readonly { directory: string; keyring: Pick<Keyring, 'reload'> }[]
  readonly everyMs: number
  readonly onRefused: (problem: string) => void
}): KeyringWatch {
  const { rings, everyMs, onRefused } = options
  const watches = rings.map((ring) => watchKeyring({ ...ring, everyMs, onRefused }))
  return {
    look: async () => (await Promise.all(watches.map((watch) => watch.look()))).every(Boolean),
    close() {
      for (const watch of watches) watch.close()
    },
  }
}
