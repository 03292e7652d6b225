import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { followSecrets } from './constant-time.ts'
import { P256_FLAGS, P256_SECRET_EXPORTS, P256_SECRET_FUNCTIONS } from './p256-secret-functions.ts'
import { readLayout } from './wasm-fixture.ts'

const text = readFileSync(new URL('../../wasm/dvara.wat', import.meta.url), 'utf8')
const { PARAMETERS: parametersAt = 0, MAC_SLOTS: parametersEnd = 0 } = readLayout()

// Keys are moved from the parameters as a whole; what is read there as a number is a length. All
// other memory is taken for secret.
const PARAMETERS = {
  name: 'PARAMETERS',
  from: parametersAt,
  to: parametersEnd,
  isPublic: true,
}
const report = followSecrets(text, [PARAMETERS], P256_SECRET_EXPORTS)

test('no branch, no select, no address and no length of P-256 depends on a secret', () => {
  assert.deepEqual(report.findings, [])
})

test('secrets were followed through inversions, field, nonces and both searches', () => {
  for (const name of P256_SECRET_FUNCTIONS) {
    assert.ok(report.reached.includes(`$wasm/assembly/${name}`), name)
  }
})

test('a secret becomes a flag only where a range or the arithmetic is checked', () => {
  assert.deepEqual(
    report.flags.map((name) => name.replace('$wasm/assembly/', '')),
    P256_FLAGS,
  )
})
