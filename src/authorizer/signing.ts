import type { Config } from '../config/settings.ts'
import { type Crypto, openCrypto } from '../crypto/engine.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { createSigner, type Signer } from '../crypto/signer.ts'
import type { CryptoEngine } from '../crypto/stamp.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** The cryptography that was chosen, or what takes the place of a part of it, loudly. */
export function openLoudCrypto(config: Pick<Config, 'crypto'>, log: Log): Crypto {
  return openCrypto(config.crypto, (problem) => {
    log.error({ problem }, 'WebAssembly crypto does not work here; node:crypto takes its place')
  })
}

/** The signer of this process; a wrong signature ends the engine's use, loudly. */
export function openSigner(options: {
  readonly config: Pick<Config, 'signatureCheckEvery'>
  readonly engine: CryptoEngine
  readonly keyring: Keyring
  readonly log: Log
  readonly metrics: Metrics
}): Signer {
  const { config, engine, keyring, log, metrics } = options
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
