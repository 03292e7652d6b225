import assert from 'node:assert/strict'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { type Echo, headerValues, type RunningServer, startEcho } from '../process/servers.ts'
import { choosePorts, type Gateway } from './gateway.ts'
import { LIFETIME_MS, type Product, startProduct } from './product.ts'
import { ask, type Question, type Response, responseValues } from './wire.ts'

/** A login as a browser holds it. */
export interface Login {
  readonly uid: string
  readonly cookie: string
  readonly csrfToken: string
  readonly startedAtMs: number
}

export const USER_AGENT = 'dvara-gateway-test/1.0'

/** A login younger than this outlives any one scenario. */
const FRESH_MS = LIFETIME_MS / 2

/** Client, gateway, authorizer, identity API and application, each a real one. */
export interface Stand {
  readonly gateway: Gateway
  readonly server: RunningServer
  readonly product: Product
  readonly echo: Echo
  /** The administrator's first login: as old as the stand. */
  readonly firstLogin: Login
  /** The administrator, signed in through the gateway not long ago. */
  login(): Promise<Login>
  /** A login that no other scenario knows, to be ended or left to expire. */
  loginAnew(): Promise<Login>
  ask(question: Question): Promise<Response>
  stop(): Promise<void>
}

export async function startStand(gateway: Gateway, binary: string): Promise<Stand> {
  const started: { stop(): Promise<void> }[] = []
  const keep = <T extends { stop(): Promise<void> }>(each: T): T => {
    started.unshift(each)
    return each
  }
  const stop = async () => {
    for (const each of started.splice(0)) await each.stop()
  }
  try {
    const echo = keep(await startEcho())
    const product = await startProduct()
    keep(product.server)
    const ports = await choosePorts({
      authorizer: product.authorizerPort,
      identity: product.identityPort,
      application: echo.port,
    })
    const server = keep(await gateway.start(binary, ports))
    return { gateway, server, product, echo, stop, ...(await signInAdmin(server.port, product)) }
  } catch (error) {
    await stop()
    throw error
  }
}

type Asking = Pick<Stand, 'firstLogin' | 'login' | 'loginAnew' | 'ask'>

async function signInAdmin(port: number, product: Product): Promise<Asking> {
  const askHere = (question: Question) => ask(port, question)
  const loginAnew = () => openSession(askHere, '/sessions', product.admin)
  const firstLogin = await loginAnew()
  let current = Promise.resolve(firstLogin)
  return {
    firstLogin,
    async login() {
      const known = await current
      if (Date.now() - known.startedAtMs < FRESH_MS) return known
      current = loginAnew()
      return current
    },
    loginAnew,
    ask: askHere,
  }
}

/** Opens a session at the identity API, through the gateway. */
async function openSession(askGateway: Stand['ask'], path: string, body: object): Promise<Login> {
  const startedAtMs = Date.now()
  const response = await post(askGateway, path, body)
  const cookie = (responseValues(response, 'set-cookie')[0] ?? '').split(';')[0] ?? ''
  assert.match(cookie, /^dvara_session=./, 'a login sets the session cookie')
  const { uid, csrf_token } = JSON.parse(response.body) as { uid: string; csrf_token: string }
  return { uid, cookie, csrfToken: csrf_token, startedAtMs }
}

async function post(askGateway: Stand['ask'], path: string, body: object): Promise<Response> {
  const response = await askGateway({
    method: 'POST',
    target: `/api/v2/identity${path}`,
    headers: [
      ['User-Agent', USER_AGENT],
      ['Content-Type', 'application/json'],
    ],
    body: JSON.stringify(body),
  })
  assert.ok(response.status === 200 || response.status === 201, response.body)
  return response
}

/** Becomes a user, with the code of the letter that the product writes. */
export async function signUp(stand: Stand): Promise<Login> {
  const email = `member-${Date.now()}@example.com`
  await post(stand.ask, '/users', { email, password: 'Zeb7a-quince!lantern' })
  const letter = await stand.product.letterTo(email)
  const token = /confirmation_token=([\w.-]+)/.exec(letter)?.[1]
  return openSession(stand.ask, '/users/email/confirm_code', { token })
}

/** The headers of a browser that is signed in. */
export function asUser(
  login: Login,
  ...more: (readonly [string, string])[]
): (readonly [string, string])[] {
  return [['User-Agent', USER_AGENT], ['Cookie', login.cookie], ...more]
}

/** Refused in the authorizer's own words, and the upstream was not asked. */
export function assertRefused(stand: Stand, response: Response, status: number, reason: string) {
  assert.equal(`${response.status} ${response.body}`, `${status} {"errors":["${reason}"]}`)
  assert.match(responseValues(response, 'content-type')[0] ?? '', /^application\/json/)
  assert.deepEqual(responseValues(response, 'cache-control'), ['no-store'])
  // Whoever refuses by itself, because nobody decides, has no decision to name.
  if (status !== 503) {
    const ids = responseValues(response, 'x-decision-id')
    assert.equal(ids.length, 1, 'the client learns the id of the decision')
    assert.match(ids[0] ?? '', /^[0-9a-hjkmnp-tv-z]{13}$/)
  }
  assertNothingLeaks(response)
  assert.deepEqual(stand.echo.received, [], 'the upstream was asked')
}

/** What the authorizer tells the gateway is not for the client. */
export function assertNothingLeaks(response: Response): void {
  for (const name of ['authorization', 'x-dvara-user', 'x-dvara-role', 'uwebsockets']) {
    assert.deepEqual(responseValues(response, name), [], `the client was told ${name}`)
  }
}

/** The upstream was asked once, and told who asks, exactly once and by us alone. */
export async function assertIdentified(stand: Stand, login: Login): Promise<JWTPayload> {
  assert.equal(stand.echo.received.length, 1)
  const seen = stand.echo.last()
  const authorizations = headerValues(seen, 'authorization')
  assert.equal(authorizations.length, 1)
  assert.deepEqual(headerValues(seen, 'x-decision-id'), [], 'the upstream was told an id')
  assert.deepEqual(headerValues(seen, 'x-dvara-user'), [login.uid])
  assert.deepEqual(headerValues(seen, 'x-dvara-role'), ['superadmin'])
  if (stand.gateway.isCookieStripped) {
    const secret = login.cookie.split('=')[1] ?? ''
    assert.ok(!seen.rawHeaders.join('\n').includes(secret), 'the upstream was given our cookie')
  }
  const token = /^Bearer (\S+)$/.exec(authorizations[0] ?? '')?.[1] ?? ''
  const keys = createRemoteJWKSet(
    new URL(`http://127.0.0.1:${stand.product.authorizerPort}/.well-known/jwks.json`),
  )
  const { payload } = await jwtVerify(token, keys, { issuer: 'dvara' })
  assert.equal(payload.uid, login.uid)
  return payload
}

/** The upstream was asked once, and told that nobody in particular asks. */
export function assertAnonymous(stand: Stand): void {
  assert.equal(stand.echo.received.length, 1)
  for (const name of ['authorization', 'x-dvara-user', 'x-dvara-role']) {
    const values = headerValues(stand.echo.last(), name)
    assert.ok(values.length <= 1 && (values[0] ?? '') === '', `${name}: ${values.join(' | ')}`)
  }
}
