import type { Config } from '../config/settings.ts'
import { openCrypto } from '../crypto/engine.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { createSigner, type Signer } from '../crypto/signer.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** The signer of this process, on the engine that was chosen or on what takes its place, loudly. */
export function openSigner(options: {
  readonly config: Pick<Config, 'crypto' | 'signatureCheckEvery'>
  readonly keyring: Keyring
  readonly log: Log
  readonly metrics: Metrics
}): Signer {
  const { config, keyring, log, metrics } = options
  const engine = openCrypto(config.crypto, (problem) => {
    log.error({ problem }, 'WebAssembly crypto does not work here; node:crypto signs instead')
  })
  const signer = createSigner({
    keyring,
    engine,
    checkEvery: config.signatureCheckEvery,
    onWrong(what) {
      metrics.countWithheld()
      log.error({ what }, 'a wrong signature was withheld; node:crypto signed instead')
    },
  })
  metrics.beforeSnapshot(() => metrics.setCryptoEngine(signer.engine()))
  return signer
}
