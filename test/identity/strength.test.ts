import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStrength } from '../../src/identity/strength.ts'

const strength = createStrength()

test('a common password is worth next to nothing', async () => {
  assert.ok((await strength('password1')) < 14)
})
test('a passphrase is worth much', async () => {
  assert.ok((await strength('plinth ochre vagrant quiz')) > 40)
})
test('one’s own name is worth less to one who tries it first', async () => {
  const name = 'wolframalphonso'
  assert.ok((await strength(name, [name])) < (await strength(name)))
})
test('a very long password is estimated in bounded time', async () => {
  const started = process.cpuUsage()
  assert.ok((await strength('aB3$'.repeat(256))) > 0)
  // Of the processor: how busy the machine is besides is not the point.
  assert.ok(process.cpuUsage(started).user < 2_000_000)
})
