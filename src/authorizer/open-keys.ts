import { generateKeyPairSync } from 'node:crypto'
import { nameOf } from '../cache/ring.ts'
import type { Config } from '../config/settings.ts'
import type { KeyFacts } from '../core/api-key.ts'
import { Fault } from '../core/fault.ts'
import type { KeyEncryptionKeys } from '../crypto/envelope.ts'
import {
  createRequestVerifiers,
  type RequestVerifiers,
  type VerifyingEngine,
} from '../crypto/request-verifier.ts'
import type { AuthorizerStores } from '../store/stores.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { KeyDependencies } from './api-keys.ts'
import type { Follower } from './follow.ts'
import { createKeyEntry, type KeyEntry, namesOfKey } from './key-memory.ts'
import type { Memory } from './memory.ts'
import { openBelievedFlights } from './open-facts.ts'

interface Parts {
  readonly config: Pick<Config, 'apikeyNonceLifetimeMs' | 'apikeyV1Replay'>
  readonly stores: Pick<AuthorizerStores, 'keys' | 'nonces'>
  readonly memory: Pick<Memory, 'keys' | 'ring'>
  readonly follower: Pick<Follower, 'epoch' | 'appliedSeq' | 'beat' | 'isLoading'>
  readonly metrics: Pick<Metrics, 'countLoad' | 'countHit' | 'countMiss' | 'countBurn'>
  readonly crypto: VerifyingEngine
  /** Undefined: no shared secret can be opened. */
  readonly secretsKey: KeyEncryptionKeys | undefined
}

/** What signed requests are judged with, out of the parts of one authorizer. */
export function openKeyDependencies(parts: Parts): KeyDependencies {
  const { config, stores, memory, metrics, crypto, secretsKey } = parts
  const verifiers = createRequestVerifiers(crypto, secretsKey)
  return {
    memory: memory.keys,
    flights: openFlights(parts, verifiers),
    decoy: verifiers.decoy,
    nonces: stores.nonces,
    nonceLifetimeMs: config.apikeyNonceLifetimeMs,
    isV1Once: config.apikeyV1Replay === 'deny',
    onRecall: (isHit) => (isHit ? metrics.countHit('keys') : metrics.countMiss('keys')),
    onBurn: metrics.countBurn,
  }
}

/** Loads of keys, by kid; that there is none is remembered too. */
function openFlights(parts: Parts, verifiers: RequestVerifiers) {
  const { stores, memory } = parts
  return openBelievedFlights<KeyFacts, KeyEntry>(parts, {
    table: 'keys',
    load: stores.keys.load,
    namesOf: (kid, found) => (found === undefined ? [nameOf('key', kid)] : namesOfKey(found)),
    remember(kid, found) {
      if (found === undefined) {
        memory.keys.unknown.remember({ id: kid, bornAtMs: 0 })
        return undefined
      }
      const entry = prepare(found, verifiers)
      memory.keys.known.remember(entry)
      return entry
    },
  })
}

function prepare(found: KeyFacts, verifiers: RequestVerifiers): KeyEntry {
  try {
    return createKeyEntry(found, verifiers)
  } catch (cause) {
    throw new Fault('store_garbage', { cause, about: 'an API key cannot be used' })
  }
}

const WARM_AFTER_MS = 500

/**
 * Prepares one key of each curve: proving a curve and building its tables takes some 50 ms, in one
 * piece, for which the first request with such a key, and all who ask meanwhile, would have to
 * wait. `first`: now, before anybody is let in. `soon`: a while later, where the start itself is
 * waited for.
 */
export function warm(publicKeys: VerifyingEngine['publicKeys'], when: 'first' | 'soon'): void {
  if (when === 'first') prepareOneEach(publicKeys)
  else setTimeout(() => prepareOneEach(publicKeys), WARM_AFTER_MS).unref()
}

function prepareOneEach(publicKeys: VerifyingEngine['publicKeys']): void {
  for (const [algorithm, makePair] of CURVES) {
    const der = makePair().publicKey.export({ format: 'der', type: 'spki' })
    publicKeys.prepare(algorithm, der)?.forget()
  }
}

const CURVES = [
  ['EdDSA', () => generateKeyPairSync('ed25519')],
  ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
] as const
