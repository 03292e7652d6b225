import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret } from '../../src/config/secret.ts'

const CANARY = 'canary-7f3a91'

const PRINTINGS: Record<string, (secret: Secret) => string> = {
  'as JSON': (secret) => JSON.stringify({ secret, nested: [{ secret }] }),
  'in a template': (secret) => `${secret}`,
  'by adding to text': (secret) => `x${String(secret)}`,
  'by inspecting it': (secret) => inspect(secret, { showHidden: true, depth: 9 }),
  'by inspecting around it': (secret) => inspect({ a: { b: [secret] } }, { showHidden: true }),
  'with %o and %j': (secret) => format('%o %O %j %s', secret, secret, secret, secret),
  'as entries': (secret) => JSON.stringify(Object.entries(secret)),
  spread: (secret) => JSON.stringify({ ...secret }),
  'by all own names': (secret) => Reflect.ownKeys(secret).map(String).join(),
  'as a cloned object': (secret) => inspect(structuredClone({ ...secret })),
}

for (const [how, print] of Object.entries(PRINTINGS)) {
  test(`a secret does not show ${how}`, () => {
    assert.ok(!print(new Secret(CANARY)).includes(CANARY))
  })
}

test('a secret says that it is one', () => {
  const secret = new Secret(CANARY)
  assert.equal(`${secret}`, '[secret]')
  assert.equal(JSON.stringify(secret), '"[secret]"')
  assert.equal(inspect(secret), '[secret]')
})

test('a secret gives its text to whoever asks for it by name', () => {
  assert.equal(new Secret(CANARY).reveal(), CANARY)
})
