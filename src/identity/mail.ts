import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { Letter } from './letters.ts'

/** Sends letters, or keeps them where a developer finds them. */
export interface Mailer {
  /** Resolves when the letter is out of our hands; throws when it is not. */
  send(letter: Letter): Promise<void>
  close(): void
}

/** A mail server that has not moved for so long is given up. */
const SMTP_TIMEOUT_MS = 10_000

/** Through the SMTP server at `url` (`smtp://` or `smtps://`), over at most two connections. */
export function createSmtpMailer(options: { url: string; from: string }): Mailer {
  const transport = createTransport(
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
  return {
    async send(letter) {
      await transport.sendMail({ ...letter })
    },
    close: () => transport.close(),
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
  const transport = createTransport(
    { streamTransport: true, buffer: true, newline: 'unix', disableFileAccess: true },
    { from: options.from, disableUrlAccess: true },
  )
  return {
    async send(letter) {
      const rendered = await transport.sendMail({ ...letter })
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
    close: () => transport.close(),
  }
}
