import { spawnSync } from 'node:child_process'
import type { Row } from '../micro/crypto-measure.ts'

/** What the machine's own `openssl speed` does in a second. */
export interface OpensslSpeed {
  readonly version: string
  readonly ed25519: { readonly sign: number; readonly verify: number }
  readonly p256: { readonly sign: number; readonly verify: number }
  /** HMAC-SHA-256 over as many bytes as the API keys of the comparison. */
  readonly hmac: number
}

const HMAC_BYTES = 43

/** The machine-readable lines of `openssl speed -mr`, or `undefined` if one is missing. */
export function parseOpensslSpeed(text: string): Omit<OpensslSpeed, 'version'> | undefined {
  const numbers = (pattern: RegExp) => pattern.exec(text)?.slice(1).map(Number) ?? []
  const [p256Sign, p256Verify] = numbers(/^\+F4:\d+:256:([\d.]+):([\d.]+)$/m)
  const [edSign, edVerify] = numbers(/^\+F6:\d+:\d+:Ed25519:([\d.]+):([\d.]+)$/m)
  const [hmacBytes] = numbers(/^\+F:\d+:hmac\(sha256\):([\d.]+)$/m)
  if (p256Sign === undefined || p256Verify === undefined) return undefined
  if (edSign === undefined || edVerify === undefined || hmacBytes === undefined) return undefined
  return {
    ed25519: { sign: edSign, verify: edVerify },
    p256: { sign: p256Sign, verify: p256Verify },
    hmac: hmacBytes / HMAC_BYTES,
  }
}

/** The best of so many: it runs apart from ours, and may meet a busier moment than ours did. */
const RUNS = 3

/** Asks the machine's openssl, on this very core; `undefined` where there is none to ask. */
export function measureOpenssl(): OpensslSpeed | undefined {
  const [first, ...more] = Array.from({ length: RUNS }, askOpenssl)
  return more.reduce((best, next) => (best && next ? bestOf(best, next) : undefined), first)
}

/** Of either run whatever was quicker. */
export function bestOf(left: OpensslSpeed, right: OpensslSpeed): OpensslSpeed {
  const max = (read: (speed: OpensslSpeed) => number) => Math.max(read(left), read(right))
  return {
    version: left.version,
    ed25519: { sign: max((s) => s.ed25519.sign), verify: max((s) => s.ed25519.verify) },
    p256: { sign: max((s) => s.p256.sign), verify: max((s) => s.p256.verify) },
    hmac: max((s) => s.hmac),
  }
}

function askOpenssl(): OpensslSpeed | undefined {
  const ask = (...args: string[]) =>
    spawnSync('openssl', args, { encoding: 'utf8', timeout: 60_000 }).stdout ?? ''
  const version = ask('version').trim()
  const speed = parseOpensslSpeed(
    ask('speed', '-mr', '-seconds', '1', 'ed25519', 'ecdsap256') +
      ask('speed', '-mr', '-seconds', '1', '-bytes', String(HMAC_BYTES), '-hmac', 'sha256'),
  )
  return speed === undefined ? undefined : { version, ...speed }
}

/** Our measured rows beside openssl's: not in turn with it, so only the order of size is sure. */
export function opensslRows(speed: OpensslSpeed, measured: readonly Row[]): Row[] {
  const pairs: readonly (readonly [RegExp, string, number])[] = [
    [/^EdDSA sign, single, against node/, 'EdDSA sign, single', speed.ed25519.sign],
    [/^EdDSA sign, batch 16, against node/, 'EdDSA sign, batch 16', speed.ed25519.sign],
    [/^ES256 sign, single, hedged/, 'ES256 sign, single', speed.p256.sign],
    [/^ES256 sign, batch 16, hedged/, 'ES256 sign, batch 16', speed.p256.sign],
    [/^Ed25519 verify, .*single/, 'Ed25519 verify, cached key', speed.ed25519.verify],
    [/^ES256 verify, .*single/, 'ES256 verify, cached key', speed.p256.verify],
    [/^HMAC-SHA-256 verify, 43 B, against createHmac/, 'HMAC-SHA-256, 43 B', speed.hmac],
  ]
  return pairs.flatMap(([pattern, name, perSecond]) => {
    const ours = measured.find((row) => pattern.test(row.name))
    if (ours === undefined) return []
    const theirsNs = 1e9 / perSecond
    const ratio = theirsNs / ours.oursNs
    const numbers = { ratio, min: ratio, max: ratio, oursNs: ours.oursNs, theirsNs }
    return [{ name: `${name}, against openssl speed`, ...numbers, must: true, aim: true }]
  })
}
