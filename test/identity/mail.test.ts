import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { writeConfirmation } from '../../src/identity/letters.ts'
import { createOutboxMailer, createSmtpMailer } from '../../src/identity/mail.ts'

const FROM = 'dvara <no-reply@example.com>'
const CODE = 'kJ3_-'.padEnd(43, 'x')
const LETTER = writeConfirmation({
  to: 'a@example.com',
  publicOrigin: 'http://127.0.0.1:8080',
  code: CODE,
})

async function withOutbox(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outbox-'))
  try {
    await work(join(folder, 'mail'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('the outbox gets a whole file a letter, the owner’s alone', async () => {
  await withOutbox(async (folder) => {
    const nowMs = () => Date.UTC(2030, 0, 2, 3, 4, 5)
    const mailer = createOutboxMailer({ folder, from: FROM, nowMs, randomBytes })
    await Promise.all([mailer.send(LETTER), mailer.send(LETTER)])
    mailer.close()
    const names = await readdir(folder)
    assert.equal(names.length, 2)
    for (const name of names) assert.match(name, /^2030-01-02T03-04-05\.000Z-[0-9a-f]{8}\.eml$/)
    const path = join(folder, names[0] as string)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    const text = await readFile(path, 'utf8')
    assert.match(text, /^From: dvara <no-reply@example\.com>$/m)
    assert.match(text, /^To: a@example\.com$/m)
    assert.match(text, new RegExp(`^${CODE}$`, 'm'))
  })
})

test('an outbox that cannot be written is a failure, not silence', async () => {
  await withOutbox(async (folder) => {
    await writeFile(folder, 'a file stands where the folder should')
    const mailer = createOutboxMailer({ folder, from: FROM, nowMs: Date.now, randomBytes })
    await assert.rejects(mailer.send(LETTER))
  })
})

test('a letter goes through an SMTP server', async () => {
  const received: { to: string[]; text: string }[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        received.push({ to, text: Buffer.concat(chunks).toString() })
        done()
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM })
  await mailer.send(LETTER)
  await mailer.send({ ...LETTER, subject: 'Hello\r\nBcc: evil@example.com' })
  mailer.close()
  await new Promise<void>((resolve) => server.close(resolve))
  assert.equal(received.length, 2)
  assert.deepEqual(received[0]?.to, ['a@example.com'])
  assert.ok(received[0]?.text.includes(CODE))
  assert.deepEqual(received[1]?.to, ['a@example.com'])
  assert.doesNotMatch(received[1]?.text ?? '', /^Bcc:/m)
})

test('a mail server that is not there is a failure', async () => {
  const mailer = createSmtpMailer({ url: 'smtp://127.0.0.1:1', from: FROM })
  await assert.rejects(mailer.send(LETTER))
  mailer.close()
})
