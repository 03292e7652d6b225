// Signs requests by version 2 of docs/api-keys.md, with nothing but Node.
//
//     KEY_ID=… SECRET=… node api-key.mjs GET 'https://app.example/api/v2/orders?page=2'
//     KEY_ID=… PRIVATE_KEY=key.pem node api-key.mjs POST https://app.example/api/v2/orders '{"a":1}'
//
// SECRET is that of a key of HS256; PRIVATE_KEY the file of one of EdDSA, ES256 or RS256.
import { createHash, createHmac, createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

const netstring = (text) => `${Buffer.byteLength(text)}:${text},`

let lastNonce = 0
/** Each greater than the one before, so that no two requests of a process share one. */
function createNonce() {
  lastNonce = Math.max(Date.now(), lastNonce + 1)
  return String(lastNonce)
}

/** The headers that a request needs; `key` is `{ id, secret }` or `{ id, privateKey }`. */
export function signedHeaders(key, { method, url, body }) {
  const { hostname, pathname, search } = new URL(url)
  const nonce = createNonce()
  const digest = body && `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const host = hostname.replace(/\.$/, '')
  const form =
    ['dvara-apikey-2', key.id, nonce, method, host, pathname + search].map(netstring).join('') +
    (digest ? netstring(digest) : '-')
  return {
    'X-Auth-Apikey': key.id,
    'X-Auth-Nonce': nonce,
    'X-Auth-Signature': signatureOf(key, form),
    'X-Auth-Version': '2',
    ...(digest && { 'Content-Digest': digest, 'Content-Type': 'application/json' }),
  }
}

function signatureOf({ secret, privateKey }, form) {
  if (secret) return createHmac('sha256', secret).update(form).digest('hex')
  const key = createPrivateKey(privateKey)
  // Ed25519 hashes by itself. `ieee-p1363`: the two numbers of ES256 side by side, not DER.
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return sign(digest, Buffer.from(form), { key, dsaEncoding: 'ieee-p1363' }).toString('hex')
}

const [, , method, url, body] = process.argv
const { KEY_ID: id, SECRET: secret, PRIVATE_KEY: file } = process.env
const privateKey = file && readFileSync(file)
const headers = signedHeaders({ id, secret, privateKey }, { method, url, body })
const response = await fetch(url, { method, headers, body })
console.log(await response.text())
