import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Letter } from '../../src/identity/letters.ts'
import { createPostbox, LETTERS_MAX } from '../../src/identity/postbox.ts'

const LETTER: Letter = { to: 'a@example.com', subject: 's', text: 'code-canary', html: '' }

function world(options: { failures: number; retryAfterMs: readonly number[] }) {
  const lines: string[] = []
  const sent: Letter[] = []
  let { failures } = options
  const mailer = {
    async send(letter: Letter) {
      if (failures-- > 0) throw Object.assign(new Error('550 a@example.com'), { code: 'EENVELOPE' })
      sent.push(letter)
    },
    close: () => undefined,
  }
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  return { lines, sent, box: createPostbox({ mailer, log, retryAfterMs: options.retryAfterMs }) }
}

test('a letter is composed and sent after the caller went on', async () => {
  const { box, sent } = world({ failures: 0, retryAfterMs: [] })
  box.post(async () => LETTER)
  assert.equal(sent.length, 0)
  await box.settled()
  assert.deepEqual(sent, [LETTER])
})
test('nothing is sent where there is nothing to say', async () => {
  const { box, sent } = world({ failures: 0, retryAfterMs: [] })
  box.post(async () => undefined)
  await box.settled()
  assert.deepEqual(sent, [])
})
test('a failed sending is tried again', async () => {
  const { box, sent, lines } = world({ failures: 2, retryAfterMs: [1, 1] })
  box.post(async () => LETTER)
  await box.settled()
  assert.equal(sent.length, 1)
  assert.deepEqual(lines, [])
})
test('a letter given up is logged without address and code', async () => {
  const { box, sent, lines } = world({ failures: 2, retryAfterMs: [1] })
  box.post(async () => LETTER)
  await box.settled()
  assert.equal(sent.length, 0)
  assert.match(lines.join(), /mail\.lost/)
  assert.doesNotMatch(lines.join(), /a@example\.com|code-canary/)
})
test('a letter that cannot be composed is logged, and harms no one', async () => {
  const { box, lines } = world({ failures: 0, retryAfterMs: [] })
  box.post(async () => {
    throw new Error('store away')
  })
  await box.settled()
  assert.match(lines.join(), /mail\.lost/)
})
test('beyond the bound a letter is dropped and the log says so', async () => {
  const { box, sent, lines } = world({ failures: 0, retryAfterMs: [] })
  for (let count = 0; count <= LETTERS_MAX; count++) box.post(async () => LETTER)
  await box.settled()
  assert.equal(sent.length, LETTERS_MAX)
  assert.match(lines.join(), /queue full/)
})
