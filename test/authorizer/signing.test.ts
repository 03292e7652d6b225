import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLoudCrypto, openSigner } from '../../src/authorizer/signing.ts'
import { tokenOf, wholeClaims } from '../../src/crypto/stamp.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { createRing } from '../crypto/scratch.ts'

for (const crypto of ['wasm', 'node'] as const) {
  test(`DVARA_CRYPTO=${crypto} signs with it, and the metric says so`, async (t) => {
    const { keyring } = await createRing(t)
    const lines: string[] = []
    const { log } = createLog({
      level: 'info',
      name: 'test',
      stream: { write: (line) => void lines.push(line) },
    })
    const metrics = createMetrics({ build: { version: '0', node: 'v', engine: 'node' } })
    t.after(() => metrics.close())
    const config = { crypto, signatureCheckEvery: 1 }
    const engine = openLoudCrypto(config, log)
    const signer = openSigner({ config, engine, keyring, log, metrics })
    assert.equal(signer.engine(), crypto)
    assert.equal(tokenOf(await signer.signSoon(wholeClaims('{}'))).split('.').length, 3)
    const text = await metrics.expose()
    assert.match(text, new RegExp(`^dvara_crypto_engine\\{engine="${crypto}"\\} 1$`, 'm'))
    assert.match(text, /^dvara_signatures_withheld_total 0$/m)
    assert.deepEqual(lines, [])
  })
}
