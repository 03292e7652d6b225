import type { Logger } from 'pino'
import type { Letter } from './letters.ts'
import type { Mailer } from './mail.ts'

/** Beyond this many letters to be written a new one is dropped, and the log says so. */
export const LETTERS_MAX = 1_000

/** Writes and sends letters after the caller was answered, so that its time tells nothing. */
export interface Postbox {
  /** `compose` runs later; undefined where there is nothing to send after all. */
  post(compose: () => Promise<Letter | undefined>): void
  /** Resolves when everything posted so far is sent or given up. */
  settled(): Promise<void>
}

export function createPostbox(deps: {
  mailer: Mailer
  log: Logger
  /** How long to wait before each further try; as many tries as there are entries, plus one. */
  retryAfterMs: readonly number[]
}): Postbox {
  const { mailer, log, retryAfterMs } = deps
  const underWay = new Set<Promise<void>>()

  async function send(letter: Letter): Promise<void> {
    for (const waitMs of retryAfterMs) {
      try {
        return await mailer.send(letter)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
    await mailer.send(letter)
  }

  async function deliver(compose: () => Promise<Letter | undefined>): Promise<void> {
    try {
      const letter = await compose()
      if (letter !== undefined) await send(letter)
    } catch (problem) {
      // Only the kind of it: a mail server's words can repeat the address and the code.
      const { name, code } = problem as { name?: string; code?: string }
      log.error({ event: 'mail.lost', problem: name, code }, 'a letter was not sent')
    }
  }

  return {
    post(compose) {
      if (underWay.size >= LETTERS_MAX) {
        log.error({ event: 'mail.lost', problem: 'queue full' }, 'a letter was not sent')
        return
      }
      const delivery = deliver(compose).finally(() => underWay.delete(delivery))
      underWay.add(delivery)
    },
    async settled() {
      await Promise.all(underWay)
    },
  }
}
