import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Letter } from './letters.ts'

/** Sends letters, or keeps them where a developer finds them. */
export interface Mailer {
  /** Resolves when the letter is out of our hands; throws when it is not. */
  send(letter: Letter): Promise<void>
  close(): void
}

/** A mail server that has not moved for so long is given up. */
const SMTP_TIMEOUT_MS = 10_000

/** A transport opened by its first letter: its library is 40 modules, and most starts send none. */
function openOnce<T extends { close(): void }>(open: () => Promise<T>) {
  let opened: Promise<T> | undefined
  return {
    get(): Promise<T> {
      opened ??= open()
      return opened
    },
    close(): void {
      opened?.then((transport) => transport.close()).catch(() => undefined)
    },
  }
}

/** Through the SMTP server at `url` (`smtp://` or `smtps://`), over at most two connections. */
export function createSmtpMailer(options: { url: string; from: string }): Mailer {
  const transport = openOnce(async () => {
    const { createTransport } = (await import('nodemailer')).default
    return createTransport(
      {
        url: options.url,
        pool: true,
        maxConnections: 2,
        connectionTimeout: SMTP_TIMEOUT_MS,
        greetingTimeout: SMTP_TIMEOUT_MS,
        socketTimeout: SMTP_TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      },
      { from: options.from },
    )
  })
  return {
    async send(letter) {
      await (await transport.get()).sendMail({ ...letter })
    },
    close: transport.close,
  }
}

/**
 * Into `folder`, one `.eml` file a letter, named by its instant. A reader never sees half a file:
 * each is written under another name, then renamed. Files are the owner's alone, they hold tokens.
 */
export function createOutboxMailer(options: {
  folder: string
  from: string
  nowMs(): number
  randomBytes(count: number): Uint8Array
}): Mailer {
  const transport = openOnce(async () => {
    const { createTransport } = (await import('nodemailer')).default
    return createTransport(
      { streamTransport: true, buffer: true, newline: 'unix', disableFileAccess: true },
      { from: options.from, disableUrlAccess: true },
    )
  })
  return {
    async send(letter) {
      const rendered = await (await transport.get()).sendMail({ ...letter })
      const instant = new Date(options.nowMs()).toISOString().replaceAll(':', '-')
      const name = `${instant}-${Buffer.from(options.randomBytes(4)).toString('hex')}`
      await mkdir(options.folder, { recursive: true, mode: 0o700 })
      const partial = join(options.folder, `.${name}.partial`)
      try {
        await writeFile(partial, rendered.message as Buffer, { mode: 0o600, flag: 'wx' })
        await rename(partial, join(options.folder, `${name}.eml`))
      } catch (problem) {
        await rm(partial, { force: true })
        throw problem
      }
    },
    close: transport.close,
  }
}
