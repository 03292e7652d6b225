import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  escapeHtml,
  writeConfirmation,
  writeReset,
  writeTaken,
} from '../../src/identity/letters.ts'

const MAILED = { to: 'a@example.com', publicOrigin: 'https://app.example.com', code: 'CODE_-x' }

test('a confirmation carries its link and its code, in text and in HTML', () => {
  const letter = writeConfirmation(MAILED)
  const link = 'https://app.example.com/accounts/confirmation?confirmation_token=CODE_-x'
  for (const part of [letter.text, letter.html]) assert.ok(part.includes(link))
  assert.match(letter.text, /^CODE_-x$/m)
  assert.equal(letter.to, MAILED.to)
})
test('a confirmation says when the username was taken', () => {
  assert.match(writeConfirmation({ ...MAILED, isUsernameDropped: true }).text, /is taken/)
  assert.doesNotMatch(writeConfirmation(MAILED).text, /is taken/)
})
test('a reset carries its link and its code', () => {
  const link = 'https://app.example.com/accounts/password_reset?reset_token=CODE_-x'
  assert.ok(writeReset(MAILED).text.includes(link))
})
test('a letter to the owner of a taken address carries no code', () => {
  const { text, html } = writeTaken(MAILED)
  assert.doesNotMatch(text + html, /CODE|token=/)
  assert.match(text, /already|has an account/)
})
test('what could be markup is escaped', () => {
  assert.equal(
    escapeHtml(`<a href="x">'&'</a>`),
    '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;',
  )
  const { html } = writeReset({ ...MAILED, publicOrigin: 'https://x/"><script>' })
  assert.doesNotMatch(html, /<script>/)
})
