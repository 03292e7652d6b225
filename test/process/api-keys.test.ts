import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../../src/config/root.ts'
import type { KeyAlgorithm } from '../../src/core/api-key.ts'
import { DIALECT_NAMES, type DialectName } from '../../src/core/check.ts'
import { apiKeyRow, parseSecretsKey, sealSecret } from '../../src/crypto/envelope.ts'
import { openIdentityStores } from '../../src/store/open.ts'
import type { IdentityStores } from '../../src/store/stores.ts'
import { RSA_PAIR } from '../crypto/rsa-fixture.ts'
import { createHolder, keyFor } from '../store/keys.ts'
import { createFolder, removeFolder } from './servers.ts'
import { type Stack, startStack } from './stack.ts'

const run = promisify(execFile)
const SECRETS_KEY = randomBytes(32).toString('hex')
const SECRET = randomBytes(16).toString('hex')
const PAIRS = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: RSA_PAIR,
}
const PATH = '/api/v2/orders'
const HOST = 'app.example'

let stack: Stack
let stores: IdentityStores
let gateway: Server
let folder: string

before(async () => {
  // What is asked here is who may pass, not how fast a machine is that runs other tests too.
  const patience = { DVARA_ANSWER_WITHIN_MS: '5000', DVARA_STORE_TIMEOUT_MS: '2000' }
  const workers = { DVARA_WORKERS: '2', DVARA_DRAIN_MS: '1000' }
  const settings = { ...workers, ...patience, DVARA_SECRETS_KEY: SECRETS_KEY }
  stack = await startStack({ settings })
  stores = await openIdentityStores({
    redisUrl: stack.redis.url,
    databaseUrl: stack.postgres.url,
    onFault: () => undefined,
  })
  gateway = await startGateway()
  folder = await createFolder('api-keys')
})
after(async () => {
  gateway?.close()
  await stores?.close()
  await stack?.stop()
  if (folder !== undefined) await removeFolder(folder)
})

interface Made {
  readonly kid: string
  readonly uid: string
}

async function createKey(algorithm: KeyAlgorithm = 'HS256'): Promise<Made> {
  const uid = await createHolder(stores)
  const kid = randomBytes(8).toString('hex')
  const row = apiKeyRow({ kid, uid, algorithm })
  const material =
    algorithm === 'HS256'
      ? sealSecret(parseSecretsKey(SECRETS_KEY), Buffer.from(SECRET), row)
      : PAIRS[algorithm].publicKey.export({ format: 'der', type: 'spki' })
  const anywhere = { scopes: [], networks: [] }
  const key = keyFor(uid, { kid, algorithm, material, ...anywhere })
  assert.equal((await stores.apiKeys.create(key)).outcome, 'done')
  return { kid, uid }
}

let lastNonce = 0
function createNonce(): string {
  lastNonce = Math.max(Date.now(), lastNonce + 1)
  return String(lastNonce)
}

function signed(kid: string, method: string, target = PATH, nonce = createNonce()) {
  const fields = ['dvara-apikey-2', kid, nonce, method, HOST, target]
  const form = `${fields.map((one) => `${one.length}:${one},`).join('')}-`
  const signature = createHmac('sha256', SECRET).update(form).digest('hex')
  return { ...headersOf(kid, nonce, signature), 'X-Auth-Version': '2' }
}

function signedV1(kid: string, nonce = createNonce()) {
  const signature = createHmac('sha256', SECRET).update(nonce + kid)
  return headersOf(kid, nonce, signature.digest('hex'))
}

function headersOf(kid: string, nonce: string, signature: string) {
  return { 'X-Auth-Apikey': kid, 'X-Auth-Nonce': nonce, 'X-Auth-Signature': signature }
}

/** How each gateway asks about `method` and PATH. */
const ASKS: Record<DialectName, (method: string) => [path: string, Record<string, string>]> = {
  nginx: (method) => [
    '/authz/nginx',
    { 'X-Original-Method': method, 'X-Original-URI': PATH, 'X-Real-IP': '203.0.113.9' },
  ],
  traefik: (method) => ['/authz/traefik', forwarded(method)],
  caddy: (method) => ['/authz/caddy', forwarded(method)],
  haproxy: (method) => ['/authz/haproxy', forwarded(method)],
  envoy: () => [`/authz/envoy${PATH}`, { 'X-Forwarded-For': '203.0.113.9' }],
  barong: () => [`/api/v2/auth${PATH}`, { 'X-Forwarded-For': '203.0.113.9' }],
}

function forwarded(method: string, target = PATH, host = HOST) {
  const original = { 'X-Forwarded-Method': method, 'X-Forwarded-Uri': target }
  return { ...original, 'X-Forwarded-Host': host, 'X-Forwarded-For': '203.0.113.9' }
}

async function ask(dialect: DialectName, method: string, headers: Record<string, string>) {
  const [path, own] = ASKS[dialect](method)
  const repeats = dialect === 'envoy' || dialect === 'barong'
  const { status, reason, run, authorization } = await send(path, repeats ? method : 'GET', {
    ...own,
    ...headers,
  })
  return { said: status === 200 ? 'allow' : reason, run, authorization }
}

/** By node:http, because fetch would not let Host be chosen; a connection for each. */
async function send(path: string, method: string, headers: Record<string, string>) {
  const { port } = new URL(stack.authorizer.url)
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, agent: false }
    const asked = request({ ...options, headers: { Host: HOST, ...headers } }, resolve)
    asked.on('error', reject)
    asked.end()
  })
  reply.resume()
  const read = (name: string) => String(reply.headers[name] ?? '')
  return {
    status: reply.statusCode ?? 0,
    reason: read('x-auth-reason'),
    run: read('x-decision-id').slice(0, 5),
    authorization: read('authorization'),
  }
}

for (const dialect of DIALECT_NAMES) {
  test(`${dialect}: both versions pass, and what was changed on the way does not`, async () => {
    const { kid } = await createKey()
    for (const method of ['GET', 'POST']) {
      assert.equal((await ask(dialect, method, signedV1(kid))).said, 'allow')
      assert.equal((await ask(dialect, method, signed(kid, method))).said, 'allow')
    }
    const get = signed(kid, 'GET')
    assert.equal((await ask(dialect, 'POST', get)).said, 'authz.invalid_signature')
    const other = signed(kid, 'GET', `${PATH}/1`)
    assert.equal((await ask(dialect, 'GET', other)).said, 'authz.invalid_signature')
    const digest = { ...get, 'Content-Digest': 'sha-256=:AAAA:' }
    assert.equal((await ask(dialect, 'GET', digest)).said, 'authz.invalid_signature')
    assert.equal((await ask(dialect, 'GET', get)).said, 'allow')
  })
}

test('a token for a key names its holder, and no session', async () => {
  const { authorization } = await ask('nginx', 'GET', signedV1((await createKey()).kid))
  const [, payload = ''] = authorization.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const barong = ['iat', 'exp', 'sub', 'iss', 'aud', 'jti', 'uid', 'username', 'email']
  assert.deepEqual(Object.keys(claims), [...barong, 'role', 'level', 'state', 'referral_id'])
})

test('of a request that is sent to two authorizers again and again one passes', async () => {
  const headers = signed((await createKey()).kid, 'POST')
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask('nginx', 'POST', headers)))
  const runs = new Set(answers.map((one) => one.run))
  assert.equal(runs.size, 2, 'both workers were asked')
  assert.equal(answers.filter(({ said }) => said === 'allow').length, 1)
  assert.equal(answers.filter(({ said }) => said === 'authz.nonce_used').length, 39)
})

test('a key that was removed, or whose holder was banned, is out everywhere at once', async () => {
  const [removed, banned] = [await createKey(), await createKey()]
  const say = async ({ kid }: Made) => {
    const asks = Array.from({ length: 20 }, () => ask('nginx', 'GET', signedV1(kid)))
    return [...new Set((await Promise.all(asks)).map(({ said }) => said))]
  }
  for (const key of [removed, banned]) assert.deepEqual(await say(key), ['allow'])
  assert.equal(await stores.apiKeys.remove(removed.uid, removed.kid), true)
  assert.deepEqual(await say(removed), ['authz.unexistent_apikey'])
  await stores.users.change(banned.uid, { state: 'banned' })
  assert.deepEqual(await say(banned), ['authz.apikey_not_active'])
})

/** A gateway and an upstream in one: asks as Traefik does, then compares body and digest. */
async function startGateway(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = request
    const asked = forwarded(method, url, headers.host)
    const names = ['x-auth-apikey', 'x-auth-nonce', 'x-auth-signature', 'x-auth-version']
    const own = [...names, 'content-digest'].flatMap((name) => {
      const value = headers[name]
      return value === undefined ? [] : [[name, String(value)]]
    })
    const verdict = await send('/authz/traefik', 'GET', { ...asked, ...Object.fromEntries(own) })
    const digest = createHash('sha256').update(Buffer.concat(chunks)).digest('base64')
    const isBody = chunks.length === 0 || headers['content-digest'] === `sha-256=:${digest}:`
    response.end(`${verdict.status === 200 && isBody ? 'allowed' : verdict.reason} ${method}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const EXAMPLES: [name: string, command: string[], algorithms: KeyAlgorithm[]][] = [
  ['curl and openssl', ['sh', 'api-key.sh'], ['HS256', 'EdDSA']],
  ['Node', [process.execPath, 'api-key.mjs'], ['HS256', 'EdDSA', 'ES256', 'RS256']],
  ['Python', ['python3', 'api-key.py'], ['HS256']],
  ['curl and openssl by version 1', ['sh', 'api-key-v1.sh'], ['HS256']],
]
for (const [name, [program = '', file = ''], algorithms] of EXAMPLES) {
  for (const algorithm of algorithms) {
    test(`the example with ${name} is let in with a key of ${algorithm}`, async () => {
      const { kid } = await createKey(algorithm)
      const base = `http://LocalHost:${(gateway.address() as AddressInfo).port}`
      const script = join(projectRoot, 'docs/examples', file)
      const env = { ...process.env, KEY_ID: kid, ...(await secretOf(algorithm)) }
      const REQUESTS = [
        ['GET', `${base}${PATH}`],
        ['GET', `${base}${PATH}?page=2&of=a%20b`],
        ['DELETE', `${base}${PATH}/7?`],
        ['POST', `${base}${PATH}`, '{"amount":1}'],
      ]
      const isV1 = file === 'api-key-v1.sh'
      const requests = isV1 ? REQUESTS.slice(0, 1) : REQUESTS
      // Every shape of request once, every other algorithm with a body.
      for (const request of requests.slice(algorithm === 'HS256' ? 0 : 3)) {
        const { stdout } = await run(program, [script, ...request], { env, timeout: 20_000 })
        assert.equal(stdout.trim(), `allowed ${request[0]}`)
      }
      const refused = { ...env, KEY_ID: 'ffffffffffffffff' }
      const asked = await run(program, [script, ...(REQUESTS[0] ?? [])], { env: refused })
      assert.equal(asked.stdout.trim(), 'authz.unexistent_apikey GET')
    })
  }
}

async function secretOf(algorithm: KeyAlgorithm): Promise<Record<string, string>> {
  if (algorithm === 'HS256') return { SECRET }
  const file = join(folder, `${algorithm}.pem`)
  const pem = PAIRS[algorithm].privateKey.export({ format: 'pem', type: 'pkcs8' })
  await writeFile(file, pem, { mode: 0o600 })
  return { PRIVATE_KEY: file }
}
