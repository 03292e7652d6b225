import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeNewPassword } from '../../src/identity/password-rules.ts'
import { SETTINGS } from './world.ts'

const CASES = [
  {
    name: 'too short is told before it is estimated',
    password: 'x',
    bits: 99,
    code: 'password.requirements',
  },
  {
    name: 'just under the least strength',
    password: '12345678',
    bits: 29.9,
    code: 'password.weak',
  },
  { name: 'of the least strength', password: '12345678', bits: 30, code: undefined },
]
for (const { name, password, bits, code } of CASES) {
  test(`a new password ${name}`, async () => {
    const parts = { settings: SETTINGS, strength: async () => bits }
    const refused = await judgeNewPassword(parts, password)
    assert.deepEqual(refused?.kind === 'refusal' ? refused.codes : undefined, code && [code])
  })
}
test('what a guesser knows is handed to the estimate', async () => {
  const heard: (readonly string[])[] = []
  const strength = async (_: string, hints: readonly string[] = []) => heard.push(hints) && 99
  await judgeNewPassword({ settings: SETTINGS, strength }, '12345678', ['john'])
  assert.deepEqual(heard, [['john']])
})
