import { openLoudCrypto } from '../authorizer/signing.ts'
import { cookieKeysDirectoryOf } from '../config/rules.ts'
import type { ConfigFor } from '../config/settings.ts'
import { ensureCookieKey } from '../crypto/cookie-keys.ts'
import { type CookieRing, openCookieRing } from '../crypto/cookie-ring.ts'
import { createJwksSource, createKeyringSource, type KeySource } from '../crypto/key-source.ts'
import { type Keyring, openKeyring } from '../crypto/keyring.ts'
import { watchKeyrings } from '../crypto/keyring-watch.ts'
import { createVerifier, type Verifier } from '../crypto/verifier.ts'
import type { Log } from '../telemetry/log.ts'

type Config = ConfigFor<'identity'>

/** What the identity API proves and is proved by, read again whenever its files change. */
export interface IdentityKeys {
  readonly verifier: Verifier
  readonly cookieRing: CookieRing
  close(): void
}

/** How often the key files are looked at. */
const WATCH_EVERY_MS = 500

/** Makes the first cookie key where there is none. Rejects with a KeyringError. */
export async function openIdentityKeys(config: Config, log: Log): Promise<IdentityKeys> {
  const { publicKeys, blakeKeys } = openLoudCrypto(config, log)
  const directory = cookieKeysDirectoryOf(config) ?? ''
  if (await ensureCookieKey({ directory, nowMs: Date.now() })) {
    log.warn({ directory }, 'the first cookie key was made')
  }
  const cookieRing = await openCookieRing({ directory, blakeKeys })
  const rings: { directory: string; keyring: Pick<Keyring, 'reload'> }[] = [
    { directory, keyring: cookieRing },
  ]
  let keys: KeySource
  if (config.jwksUrl === undefined) {
    const keysDirectory = config.keysDirectory ?? ''
    const keyring = await openKeyring({ directory: keysDirectory })
    rings.push({ directory: keysDirectory, keyring })
    keys = createKeyringSource(keyring)
  } else {
    keys = createJwksSource({ url: config.jwksUrl, fetch })
  }
  const watch = watchKeyrings({
    rings,
    everyMs: WATCH_EVERY_MS,
    onRefused: (problem) => log.error({ problem }, 'keys were refused; the old ones hold on'),
  })
  return { verifier: createVerifier({ keys, publicKeys }), cookieRing, close: watch.close }
}
