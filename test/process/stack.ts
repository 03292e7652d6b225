import { execFile } from 'node:child_process'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CHEAP_HASHES, prepareStores } from './prepare.ts'
import {
  createFolder,
  findPort,
  type RunningServer,
  removeFolder,
  startPostgres,
  startProcess,
  startRedis,
} from './servers.ts'

/** The product as its users start it, beside these compiled tests. */
export const MAIN = fileURLToPath(new URL('../../dvara/main.js', import.meta.url))

const run = promisify(execFile)

export interface SignedIn {
  readonly cookie: string
  readonly csrfToken: string
}

/** What an authorizer said to one check. */
export interface Said {
  readonly status: number
  readonly reason: string
  readonly authorization: string
}

export interface Ask {
  readonly cookie?: string
  readonly method?: string
  readonly uri?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Redis, Postgres, an authorizer and an identity API: all real, all on loopback. */
export interface Stack {
  readonly redis: RunningServer
  readonly postgres: RunningServer
  readonly authorizer: RunningServer
  readonly identity: RunningServer
  readonly opsUrl: string
  readonly identityOpsUrl: string
  readonly keysDirectory: string
  readonly admin: { readonly email: string; readonly password: string }
  /** As nginx would ask. Rejects if the connection fails. */
  ask(ask?: Ask): Promise<Said>
  call(method: string, path: string, options?: Call): Promise<Called>
  signIn(email?: string, password?: string): Promise<SignedIn>
  /** A member who has confirmed the address, signed in. */
  addMember(name: string): Promise<SignedIn & { readonly uid: string; readonly email: string }>
  stop(): Promise<void>
}

export interface Call {
  readonly body?: unknown
  readonly cookie?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Called {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

export interface StackOptions {
  readonly settings?: Readonly<Record<string, string>>
}

const READY_WITHIN_MS = 30_000
const PASSWORD = 'Correct-Horse7-Battery'

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = await createFolder('stack')
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  const [ops, identityOps] = [await findPort(), await findPort()]
  const ports = { authorizer: await findPort(), ops, identityOps, identity: await findPort() }
  const outbox = join(folder, 'outbox')
  const keysDirectory = join(folder, 'keys')
  const shared = {
    DVARA_REDIS_URL: redis.url,
    DVARA_DATABASE_URL: postgres.url,
    DVARA_KEYS_DIRECTORY: keysDirectory,
    DVARA_LOG_LEVEL: 'warn',
    ...CHEAP_HASHES,
    ...options.settings,
  }
  const { url: databaseUrl } = postgres
  const admin = await prepareStores({ redisUrl: redis.url, databaseUrl, keysDirectory })
  const authorizer = await startDvara('authorizer', ports.authorizer, {
    ...shared,
    DVARA_LISTEN: `127.0.0.1:${ports.authorizer}`,
    DVARA_OPS_LISTEN: `127.0.0.1:${ports.ops}`,
  })
  const identity = await startDvara('identity', ports.identity, {
    ...shared,
    DVARA_IDENTITY_LISTEN: `127.0.0.1:${ports.identity}`,
    DVARA_OPS_LISTEN: `127.0.0.1:${ports.identityOps}`,
    DVARA_MAIL_OUTBOX: outbox,
  })
  const parts = { redis, postgres, authorizer, identity }
  const opsUrl = `http://127.0.0.1:${ports.ops}`
  const client = createClient(authorizer, identity, admin)
  await untilReady(opsUrl)
  return {
    ...parts,
    ...client,
    opsUrl,
    identityOpsUrl: `http://127.0.0.1:${ports.identityOps}`,
    keysDirectory,
    admin,
    async stop() {
      client.close()
      await Promise.all([authorizer.stop(), identity.stop()])
      await Promise.all([redis.stop(), postgres.stop()])
      await removeFolder(folder)
    },
  }
}

/** Runs one command to its end; what it printed. Rejects with its message if it fails. */
export async function dvara(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, ...argv], {
    env: { ...process.env, ...env },
  })
  return stdout
}

/** One process of the product, on this port. */
export function startDvara(
  name: string,
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  return startProcess({
    name: `dvara ${name}`,
    command: process.execPath,
    args: [MAIN, name],
    ready: { port },
    port,
    env,
    readyMs: 30_000,
  })
}

/** Throws with what it says is missing, if it does not become ready. */
export async function untilReady(opsUrl: string): Promise<void> {
  const deadlineMs = Date.now() + READY_WITHIN_MS
  for (;;) {
    const response = await fetch(`${opsUrl}/health/ready`).catch(() => undefined)
    if (response?.status === 200) return
    if (Date.now() > deadlineMs) throw new Error(`not ready: ${await response?.text()}`)
    await pause(20)
  }
}

function createClient(
  authorizer: RunningServer,
  identity: RunningServer,
  admin: { email: string; password: string },
) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const call = (method: string, path: string, options: Call = {}) =>
    send(agent, `${identity.url}${path}`, method, options)

  async function signIn(email = admin.email, password = admin.password): Promise<SignedIn> {
    const body = { email, password }
    const {
      status,
      headers,
      body: text,
    } = await call('POST', '/api/v2/identity/sessions', { body })
    if (status !== 200) throw new Error(`sign-in of ${email}: ${status} ${text}`)
    const cookie = String(headers['set-cookie']).split(';', 1)[0] as string
    return { cookie, csrfToken: (JSON.parse(text) as { csrf_token: string }).csrf_token }
  }

  return {
    close: () => agent.destroy(),
    call,
    signIn,
    ask: (ask: Ask = {}) => askAs(agent, authorizer.url, ask),
    async addMember(name: string) {
      const email = `${name}@app.example`
      const body = { email, password: PASSWORD }
      const signedUp = await call('POST', '/api/v2/identity/users', { body })
      if (signedUp.status !== 201) throw new Error(`sign-up: ${signedUp.status} ${signedUp.body}`)
      const uid = await activate(
        { call, signIn, ask: (ask = {}) => askAs(agent, authorizer.url, ask) },
        email,
      )
      return { ...(await signIn(email, PASSWORD)), uid, email }
    },
  }
}

/** By an administrator, so that no mail needs to be read. */
async function activate(
  client: Pick<Stack, 'call' | 'signIn' | 'ask'>,
  email: string,
): Promise<string> {
  const admin = await client.signIn()
  const uri = `/api/v2/admin/users?email=${encodeURIComponent(email)}`
  const { authorization } = await client.ask({ cookie: admin.cookie, uri })
  const listed = await client.call('GET', uri, { headers: { authorization } })
  const [user] = JSON.parse(listed.body) as { uid: string }[]
  if (user === undefined) throw new Error(`no user ${email}: ${listed.status} ${listed.body}`)
  const changed = await client.call('PUT', '/api/v2/admin/users', {
    body: { uid: user.uid, state: 'active' },
    headers: { authorization },
  })
  if (changed.status !== 200) throw new Error(`activation: ${changed.status} ${changed.body}`)
  return user.uid
}

/** As nginx would ask. Rejects if the connection fails. */
async function askAs(agent: Agent, url: string, ask: Ask): Promise<Said> {
  const { status, headers } = await send(agent, `${url}/authz/nginx`, 'GET', {
    headers: {
      'X-Original-Method': ask.method ?? 'GET',
      'X-Original-URI': ask.uri ?? '/api/v2/resource/users/me',
      'X-Real-IP': '127.0.0.1',
      ...(ask.cookie === undefined ? {} : { Cookie: ask.cookie }),
      ...ask.headers,
    },
  })
  return {
    status,
    reason: String(headers['x-auth-reason'] ?? ''),
    authorization: String(headers.authorization ?? ''),
  }
}

/** A request whose failure to be answered is an error, never retried. */
export function send(agent: Agent, url: string, method: string, options: Call): Promise<Called> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body)
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent,
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(options.cookie === undefined ? {} : { Cookie: options.cookie }),
        ...options.headers,
      },
    })
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error('no answer in 10 s')))
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      )
    })
    outgoing.end(body)
  })
}
