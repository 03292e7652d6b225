import { createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { isWithin } from './address.ts'
import type { History } from './history.ts'
import { isRowMatching, permit } from './policy.ts'
import { readHost, valuesOf } from './request.ts'
import type { KeyRow, Person, Request, World } from './world.ts'

export const KEY_HEADERS = ['x-auth-apikey', 'x-auth-nonce', 'x-auth-signature']

/** Methods after which a nonce of version 2 is not used up. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/** How far a nonce may be from the clock. */
const NONCE_LIFETIME_MS = 5000

/** Why nobody was proven to have signed, or who it was and why they may not pass. */
export type KeyJudgement =
  | string
  | { readonly key: KeyRow; readonly person: Person; readonly refused: string | undefined }

/** A request that carries any of the three headers, from the first check to the last. */
export function judgeKey(
  world: World,
  history: History,
  request: Request,
  target: { path: string; query: string },
): KeyJudgement {
  const [kids, nonces, signatures] = KEY_HEADERS.map((name) => valuesOf(request, name))
  const isWhole = [kids, nonces, signatures].every(
    (values) => values?.length === 1 && values[0]?.trim() !== '',
  )
  const versions = valuesOf(request, 'x-auth-version')
  if (!isWhole || versions.length > 1) return 'authz.invalid_api_key_headers'
  const version = versions[0] ?? '1'
  if (version !== '1' && version !== '2') return 'authz.apikey_version_refused'
  const digests = valuesOf(request, 'content-digest')
  if (version === '2' && (digests.length > 1 || (digests[0] ?? 'x').trim() === '')) {
    return 'authz.invalid_api_key_headers'
  }
  const [kid = '', nonce = '', signature = ''] = [kids?.[0], nonces?.[0], signatures?.[0]]
  const key = world.keys.find((each) => each.kid === kid)
  const person = world.principals.find(({ uid }) => uid === key?.uid)
  if (key === undefined || person === undefined) return 'authz.unexistent_apikey'

  const nonceMs = version === '1' ? leadingInteger(nonce) : strictInstant(nonce)
  if (nonceMs <= 0) return 'authz.nonce_not_valid_timestamp'
  if (Math.abs(request.atMs - nonceMs) >= NONCE_LIFETIME_MS) return 'authz.nonce_expired'
  const form = version === '1' ? nonce + kid : formOf(kid, nonce, request, target, digests[0])
  const isAlgorithmKnown = version === '2' || key.algorithm === 'HS256'
  if (!isAlgorithmKnown || !isSigned(key, form, signature)) return 'authz.invalid_signature'

  const refused = judgeUse(world, key, person, version, request, target.path)
  if (refused !== undefined) return { key, person, refused }
  const isOnce = version === '2' ? !SAFE_METHODS.includes(request.method) : world.isV1Once
  if (!isOnce) return { key, person, refused: undefined }
  const burn = `${kid} ${nonceMs}`
  const isUsed = history.burned.has(burn)
  history.burned.add(burn)
  return { key, person, refused: isUsed ? 'authz.nonce_used' : undefined }
}

/** What the key says of itself, then its holder, then what both may do. */
function judgeUse(
  world: World,
  key: KeyRow,
  person: Person,
  version: string,
  request: Request,
  path: string,
): string | undefined {
  if (version === '1' && !key.isV1Accepted) return 'authz.apikey_version_refused'
  if (key.state !== 'active') return 'authz.apikey_not_active'
  if (key.expiresAtMs !== null && request.atMs >= key.expiresAtMs) return 'authz.apikey_expired'
  const { networks, scopes } = key
  if (networks.length > 0 && !networks.some((one) => isWithin(request.client, one))) {
    return 'authz.ip_not_allowed'
  }
  if (!['active', 'pending'].includes(person.state)) return 'authz.invalid_session'
  if (person.kind === 'user' && !person.otp) return 'authz.disabled_2fa'
  const { method } = request
  if (scopes.length > 0 && !scopes.some((scope) => isInScope(scope, method, path))) {
    return 'authz.apikey_scope_not_allowed'
  }
  const { isAccepted } = permit(world.permissions, { role: person.role, method, path })
  return isAccepted ? undefined : 'authz.invalid_permission'
}

function isInScope(scope: string, method: string, path: string): boolean {
  const [first = '', second] = scope.split(' ')
  const [verb, prefix] = second === undefined ? ['ALL', first] : [first, second]
  // A scope is written as the method is sent: in upper case.
  if (verb !== verb.toUpperCase()) return false
  return isRowMatching({ verb, path: prefix, action: 'ACCEPT' }, { method, path })
}

/** As lenient as the protocol that it belongs to: what follows the first digits is passed over. */
function leadingInteger(text: string): number {
  const trimmed = text.replace(/^[ \t\n\v\f\r]+/, '')
  const [, sign = '', digits = '0'] = /^([+-]?)(\d+(?:_\d+)*)/.exec(trimmed) ?? []
  const value = Number(digits.split('_').join(''))
  return sign === '-' ? -value : value
}

/** Exactly thirteen digits. */
function strictInstant(text: string): number {
  return /^[1-9]\d{12}$/.test(text) ? Number(text) : 0
}

/** Every field with its length before it; an absent digest is a hyphen. */
export function formOf(
  kid: string,
  nonce: string,
  request: Pick<Request, 'method' | 'host'>,
  { path, query }: { path: string; query: string },
  digest: string | undefined,
): string {
  const host = readHost(request.host) ?? ''
  const target = query === '' ? path : `${path}?${query}`
  const fields = ['dvara-apikey-2', kid, nonce, request.method, host, target]
  const written = [...fields, ...(digest === undefined ? [] : [digest])]
    .map((field) => `${field.length}:${field},`)
    .join('')
  return digest === undefined ? `${written}-` : written
}

function isSigned(key: KeyRow, form: string, signature: string): boolean {
  if (key.algorithm === 'HS256') {
    return macOf(key.material, form) === signature
  }
  if (!/^([0-9a-f]{2})+$/.test(signature)) return false
  const publicKey = publicKeyOf(key.material)
  const digest = key.algorithm === 'EdDSA' ? null : 'sha256'
  const options = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  return verify(digest, Buffer.from(form), options, Buffer.from(signature, 'hex'))
}

/** Of what was asked about last: the next is often the same. */
let last = { secret: '', form: '', mac: '' }

/** In lower-case hex. */
export function macOf(secret: string, form: string): string {
  if (last.secret !== secret || last.form !== form) {
    const mac = createHmac('sha256', secret).update(form).digest('hex')
    last = { secret, form, mac }
  }
  return last.mac
}

/** A public key is read once: there are fewer of them than there are algorithms. */
const PUBLIC_KEYS = new Map<string, KeyObject>()

function publicKeyOf(material: string): KeyObject {
  const der = Buffer.from(material, 'base64')
  const known = PUBLIC_KEYS.get(material)
  const publicKey = known ?? createPublicKey({ key: der, format: 'der', type: 'spki' })
  PUBLIC_KEYS.set(material, publicKey)
  return publicKey
}
