import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { sha256Base64url, sidOf } from '../../src/crypto/digest.ts'
import { parseSecretsKey } from '../../src/crypto/envelope.ts'
import { createVerifier } from '../../src/crypto/verifier.ts'
import type { IdentityDeps, IdentitySettings } from '../../src/identity/deps.ts'
import type { Letter } from '../../src/identity/letters.ts'
import { LIMITS } from '../../src/identity/limits.ts'
import type { Parts } from '../../src/identity/parts.ts'
import { createPasswords, PASSWORD_COST } from '../../src/identity/password.ts'
import { createParts, serveParts } from '../../src/identity/server.ts'
import { joinEmbeddedStores } from '../../src/store/embedded.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { IdentityStores } from '../../src/store/stores.ts'
import type { User } from '../../src/store/users.ts'
import { createCookieRing } from '../crypto/cookie-fixture.ts'
import { startPostgres } from '../process/servers.ts'
import { migrationsDir } from '../store/worlds.ts'

export const ORIGIN = 'http://app.example.com'
export const PASSWORD = 'plinth ochre vagrant quiz'
const COST = { ...PASSWORD_COST, memoryKib: 64, passes: 1 }

export const SETTINGS: IdentitySettings = {
  publicOrigin: ORIGIN,
  corsOrigins: ['http://admin.example.com'],
  trustProxy: true,
  cookieName: 'dvara_session',
  sessionIdleMs: 1_800_000,
  sessionLifetimeMs: 86_400_000,
  sessionsPerUserMax: 3,
  issuer: 'barong',
  otpIssuer: 'dvara test',
  audience: 'barong',
  passwordEntropyMin: 30,
  passwordCost: COST,
  mailTokenLifetimeMs: 3_600_000,
  limits: { ...LIMITS, loginsPerNetworkMax: 10_000, mailsPerNetworkMax: 10_000 },
  version: '9.9.9',
}

/** Stores that outlive the servers built on them; what one test writes another may see. */
export interface World {
  readonly stores: IdentityStores
  readonly lines: string[]
  readonly letters: Letter[]
  nowMs: number
  deps(settings?: Partial<IdentitySettings>, more?: Partial<IdentityDeps>): IdentityDeps
  start(settings?: Partial<IdentitySettings>, more?: Partial<IdentityDeps>): Promise<Running>
  /** An active member, unless told otherwise, whose password is PASSWORD. */
  addUser(given?: Partial<Pick<User, 'role' | 'state' | 'otp' | 'email'>>): Promise<User>
  /** What the authorizer would issue. */
  token(uid: string, claims?: Record<string, unknown>): Promise<string>
  close(): Promise<void>
}

export interface Running {
  readonly app: FastifyInstance
  readonly parts: Parts
  send(method: string, path: string, body?: object, headers?: Record<string, string>): Reply
  /** A call of the resource or admin API as the user, in the session with this hash. */
  sendAs(user: User, method: string, path: string, body?: object, sid?: string): Reply
  logIn(user: User, headers?: Record<string, string>): Promise<LoggedIn>
  settled(): Promise<void>
  close(): Promise<void>
}

export interface LoggedIn {
  readonly id: string
  readonly hash: string
  readonly csrfToken: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly errors: readonly string[] | undefined
  readonly headers: Record<string, unknown>
  /** The session cookie's new value, as set. */
  readonly cookie: string | undefined
}
type Reply = Promise<Answer>

let counter = 0

export function uniqueEmail(): string {
  counter += 1
  return `user${counter}@example.com`
}

/** The code in the newest letter to this address. */
export function codeIn(letters: readonly Letter[], to: string): string {
  const letter = letters.findLast((one) => one.to === to)
  const code = /^[A-Za-z0-9_-]{43}$/m.exec(letter?.text ?? '')?.[0]
  if (code === undefined) throw new Error(`no code was mailed to ${to}`)
  return code
}

function run(app: FastifyInstance, parts: Parts, world: World): Running {
  const { cookieName } = parts.settings
  const send: Running['send'] = async (method, path, body, headers = {}) => {
    const request = {
      method: method as NonNullable<InjectOptions['method']>,
      url: `/api/v2${path}`,
      headers,
      ...(body === undefined ? {} : { payload: body }),
    }
    const reply = await app.inject(request as InjectOptions)
    const json = reply.body === '' ? undefined : (JSON.parse(reply.body) as unknown)
    return {
      status: reply.statusCode,
      body: json,
      errors: (json as { errors?: string[] } | undefined)?.errors,
      headers: reply.headers,
      cookie: reply.cookies.find(({ name }) => name === cookieName)?.value,
    }
  }
  return {
    app,
    parts,
    send,
    async sendAs(user, method, path, body, sid) {
      const token = await world.token(user.uid, sid === undefined ? {} : { sid: sidOf(sid) })
      return send(method, path, body, { authorization: `Bearer ${token}` })
    },
    async logIn(user, headers) {
      const params = { email: user.email, password: PASSWORD }
      const { status, cookie, body } = await send('POST', '/identity/sessions', params, headers)
      if (status !== 200 || cookie === undefined) throw new Error(`login: ${JSON.stringify(body)}`)
      const csrfToken = (body as { csrf_token: string }).csrf_token
      return { id: cookie, hash: sha256Base64url(cookie), csrfToken }
    },
    settled: () => parts.postbox.settled(),
    close: () => app.close(),
  }
}

/** On the twin of Redis, whose clock can be set, and a real Postgres: it starts in no time. */
export async function openWorld(): Promise<World> {
  const postgres = await startPostgres()
  const database = openDatabase({ databaseUrl: postgres.url })
  const clock = { nowMs: Date.now() }
  const opened = await joinEmbeddedStores({ database, migrationsDir, nowMs: () => clock.nowMs })
  const stores = opened.identity
  const keys = generateKeyPairSync('ed25519')
  const verifying = { kid: 'test', alg: 'EdDSA', publicKey: keys.publicKey } as const
  const verifier = createVerifier({
    keys: { find: async (kid) => (kid === 'test' ? verifying : undefined) },
  })
  const cookieRing = await createCookieRing()
  const secretsKey = parseSecretsKey(randomBytes(32).toString('hex'))
  const lines: string[] = []
  const letters: Letter[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const digest = await createPasswords(COST).digest(PASSWORD)
  const mailer = { send: async (letter: Letter) => void letters.push(letter), close: () => {} }

  const world: World = {
    stores,
    lines,
    letters,
    get nowMs() {
      return clock.nowMs
    },
    set nowMs(atMs) {
      clock.nowMs = atMs
    },
    deps: (settings = {}, more = {}) => ({
      ...{ stores, verifier, cookieRing, secretsKey, mailer, log, randomBytes },
      nowMs: () => clock.nowMs,
      policyRoutes: () => ({ public: ['/api/v2/barong/identity'] }),
      settings: { ...SETTINGS, ...settings },
      ...more,
    }),
    async start(settings, more) {
      const parts = createParts(world.deps(settings, more))
      return run(await serveParts(parts), parts, world)
    },
    async addUser({ role = 'member', state = 'active', otp = false, email = uniqueEmail() } = {}) {
      const uid = `ID${randomBytes(5).toString('hex').toUpperCase()}`
      const username = null
      const rest = { level: 1, referralId: null, data: null }
      const fresh = { uid, username, email, passwordDigest: digest, role, state, ...rest }
      const user = await stores.users.create(fresh)
      return otp ? ((await stores.users.change(uid, { otp })) ?? user) : user
    },
    async token(uid, claims = {}) {
      const nowS = Math.floor(clock.nowMs / 1000)
      const payload = { uid, jti: 'x', sub: 'session', iss: 'barong', aud: ['peatio', 'barong'] }
      return new SignJWT({ ...payload, iat: nowS, exp: nowS + 60, ...claims })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test', typ: 'JWT' })
        .sign(keys.privateKey)
    },
    async close() {
      await opened.close()
      await postgres.stop()
    },
  }
  return world
}
