import { createPrivateKey, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFolder, findPort } from '../../test/process/servers.ts'
import type { Expected } from '../load/measure.ts'
import { type Measured, startMeasured } from '../load/place.ts'
import { type Headers, type Workload, workloadOf } from '../load/workload.ts'

/** A program of others in front of nothing, and what it is asked. */
export interface RivalProgram {
  readonly server: Measured
  readonly workload: Workload
  readonly expects: Expected
  /** What it does, and does not do, of the work. */
  readonly about: string
}

export interface ProgramOptions {
  readonly path: string
  readonly redisUrl: string
  /** That signs what the program can verify. */
  readonly privateKey: string
  /** A bearer token by that key. */
  readonly token: string
}

/** How each known program is started for the same question. */
export const PROGRAMS: Readonly<
  Record<string, (options: ProgramOptions) => Promise<RivalProgram>>
> = {
  'oauth2-proxy': startOauth2Proxy,
  oathkeeper: startOathkeeper,
}

/** Trusts tokens of our key: a request with one needs no login, and no session in Redis. */
async function startOauth2Proxy({ path, redisUrl }: ProgramOptions): Promise<RivalProgram> {
  const folder = await createFolder('oauth2-proxy')
  const port = await findPort()
  const users = join(folder, 'users')
  // Base64 of SHA-1, the only kind of digest that does not take milliseconds for each request.
  await writeFile(users, 'bench:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n')
  const server = await startMeasured({
    ...{ name: 'oauth2-proxy', command: path, port, folder },
    args: [
      ...['--http-address', `127.0.0.1:${port}`, '--upstream', 'static://200'],
      ...['--provider', 'github', '--client-id', 'bench', '--client-secret', 'bench'],
      ...['--cookie-secret', randomBytes(16).toString('hex'), '--email-domain', '*'],
      ...['--session-store-type', 'redis', '--redis-connection-url', redisUrl],
      ...['--htpasswd-file', users, '--standard-logging=false', '--request-logging=false'],
      ...['--auth-logging=false', '--set-xauthrequest'],
    ],
  })
  const Authorization = `Basic ${Buffer.from('bench:password').toString('base64')}`
  const workload = asked('/oauth2/auth', { Authorization })
  const about = 'oauth2-proxy: password from a file; no session, no rules, no token'
  return { server, workload, expects: 'yes', about }
}

/** One rule: verify a bearer token, allow, sign a new one. */
async function startOathkeeper(options: ProgramOptions): Promise<RivalProgram> {
  const folder = await createFolder('oathkeeper')
  const [port, proxyPort] = [await findPort(), await findPort()]
  const privateJwk = keySetOf(options.privateKey)
  await writeFile(join(folder, 'keys.json'), privateJwk)
  const file = (name: string) => `file://${join(folder, name)}`
  await writeFile(
    join(folder, 'rules.json'),
    JSON.stringify([
      {
        id: 'all',
        match: { url: 'http://<.*>/<.*>', methods: ['GET'] },
        authenticators: [{ handler: 'jwt' }],
        authorizer: { handler: 'allow' },
        mutators: [{ handler: 'id_token' }],
        upstream: { url: 'http://127.0.0.1:1' },
      },
    ]),
  )
  const config = {
    log: { level: 'error' },
    serve: {
      api: { host: '127.0.0.1', port },
      proxy: { host: '127.0.0.1', port: proxyPort },
    },
    access_rules: { repositories: [file('rules.json')], matching_strategy: 'regexp' },
    authenticators: { jwt: { enabled: true, config: { jwks_urls: [file('keys.json')] } } },
    authorizers: { allow: { enabled: true } },
    mutators: {
      id_token: {
        enabled: true,
        config: { issuer_url: 'http://rival', jwks_url: file('keys.json'), ttl: '60s' },
      },
    },
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const server = await startMeasured({
    ...{ name: 'oathkeeper', command: options.path, port, folder },
    args: ['serve', '--config', join(folder, 'config.json')],
  })
  const Authorization = `Bearer ${options.token}`
  const workload = asked('/decisions/api/v2/trade/orders', { Authorization })
  return {
    server,
    workload,
    expects: 'token',
    about: 'Ory Oathkeeper: token verified, token signed; no session',
  }
}

function asked(path: string, headers: Headers): Workload {
  return workloadOf(path, { Host: 'app.example', 'User-Agent': 'bench', ...headers })
}

/** The private key as a JWK set, as Oathkeeper wants it for both of its uses. */
function keySetOf(pem: string): string {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' })
  return JSON.stringify({ keys: [{ ...jwk, use: 'sig', alg: 'RS256', kid: 'rival' }] })
}
