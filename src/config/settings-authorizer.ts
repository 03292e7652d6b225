import {
  connectionUrl,
  count,
  durationMs,
  durationS,
  flag,
  httpUrl,
  list,
  listenAddress,
  network,
  oneOf,
  originUrl,
  path,
  redisUrl,
  sealingKeys,
  text,
} from './parsers.ts'
import { setting } from './setting.ts'

const EVERY = [
  'dev',
  'authorizer',
  'identity',
  'migrate',
  'keys',
  'administrator',
  'restrictions',
  'explain',
] as const
const DECIDING = ['dev', 'authorizer'] as const
const SERVING = ['dev', 'authorizer', 'identity'] as const

export const listening = {
  listen: setting({
    about: 'Where gateways reach the authorizer.',
    parse: listenAddress,
    fallback: { kind: 'tcp', host: '127.0.0.1', port: 9090 },
    for: DECIDING,
  }),
  identityListen: setting({
    about: 'Where gateways reach the identity API.',
    parse: listenAddress,
    fallback: { kind: 'tcp', host: '127.0.0.1', port: 9091 },
    for: ['dev', 'identity'],
  }),
  opsListen: setting({
    about:
      'Where /metrics, /health, /decisions and /explain answer, without authentication: keep it ' +
      'on a private address. ' +
      'Two processes on one machine need two.',
    parse: listenAddress,
    fallback: { kind: 'tcp', host: '127.0.0.1', port: 9092 },
    for: [...SERVING, 'policy', 'explain', 'members'],
  }),
  trustedGateways: setting({
    about:
      'Who may ask. Others get 403 before anything of theirs is read. ' +
      'A caller on the unix socket is always trusted.',
    parse: list(network),
    fallback: Object.freeze(['127.0.0.0/8', '::1/128']),
    for: SERVING,
  }),
  trustedProxies: setting({
    about: 'Addresses to skip from the right of X-Forwarded-For when looking for the client.',
    parse: list(network),
    fallback: Object.freeze([]),
    for: SERVING,
  }),
  engine: setting({
    about: 'HTTP engine: uWebSockets.js, node:http, or the first wherever its binary loads.',
    parse: oneOf(['auto', 'uws', 'node']),
    fallback: 'auto',
    for: DECIDING,
  }),
  workers: setting({
    about: 'Processes that share the authorizer’s port; about one per core.',
    parse: count({ min: 1, max: 64 }),
    fallback: 1,
    for: ['authorizer'],
  }),
  publicOrigin: setting({
    about:
      'The origin that browsers see. With https the session cookie is Secure and named __Host-…; ' +
      'http is taken for loopback hosts only.',
    parse: originUrl,
    fallback: 'http://127.0.0.1:8080',
    for: SERVING,
  }),
  corsOrigins: setting({
    about: 'Other origins whose pages may call the identity API with the session cookie.',
    parse: list(originUrl),
    fallback: Object.freeze([]),
    for: ['dev', 'identity'],
  }),
}

export const stores = {
  redisUrl: setting({
    about: 'Redis: sessions and the log of invalidations. The forms are in docs/operations.md.',
    parse: redisUrl,
    for: ['authorizer', 'identity', 'administrator', 'restrictions', 'members'],
    requiredBy: ['authorizer', 'identity', 'administrator', 'restrictions'],
  }),
  redisCaFile: setting({
    about: 'Who vouches for Redis behind rediss://, in PEM; else whom this system trusts.',
    parse: path,
    for: ['authorizer', 'identity', 'administrator', 'restrictions', 'members'],
  }),
  databaseUrl: setting({
    about: 'Postgres: users, permissions and what must survive.',
    parse: connectionUrl(['postgres', 'postgresql']),
    for: ['authorizer', 'identity', 'migrate', 'administrator', 'restrictions', 'policy'],
    requiredBy: ['authorizer', 'identity', 'migrate', 'administrator', 'restrictions'],
  }),
  policyFile: setting({
    about: 'Routes: public, blocked and audience prefixes. Without it the shipped policy holds.',
    parse: path,
    for: ['dev', 'authorizer', 'identity'],
  }),
  geoipFile: setting({
    about:
      'Countries of addresses: a file in MaxMind’s format (GeoLite2-Country.mmdb), read again ' +
      'when it is replaced. Only restrictions of places need it.',
    parse: path,
    for: DECIDING,
  }),
  geoipMissing: setting({
    about:
      'While that file is missing or stale and a restriction of a place is in force: deny ' +
      'whoever would have to be placed, or ignore such restrictions. Either way not ready.',
    parse: oneOf(['deny', 'ignore']),
    fallback: 'deny',
    for: DECIDING,
  }),
  geoipStaleS: setting({
    about: 'Data of that file made longer ago than this is not believed; 0 means any age.',
    parse: durationS({ min: 0, max: 315_360_000 }),
    fallback: 5_184_000,
    for: DECIDING,
  }),
  dataDirectory: setting({
    about:
      'Where `dvara dev` keeps its database, keys and outbox, and writes down where it answers.',
    parse: path,
    fallback: '.dvara',
    for: ['dev', 'explain', 'members'],
  }),
  secretsKey: setting({
    about:
      'What API-key secrets and one-time-password seeds are sealed under at rest: the first key ' +
      'seals, every key opens. The same for identity API and authorizers; `dvara dev` makes its ' +
      'own. Without it no secret can be kept or used.',
    parse: sealingKeys,
    for: SERVING,
  }),
  spillDirectory: setting({
    about:
      'Where an authorizer keeps activities while Redis is away; made when first needed. ' +
      'Default: `.dvara/spill` below the working directory.',
    parse: path,
    fallback: '.dvara/spill',
    for: DECIDING,
  }),
  storeTimeoutMs: setting({
    about: 'How long one question to a store may take.',
    parse: durationMs({ min: 10, max: 10_000 }),
    fallback: 100,
    for: SERVING,
  }),
  answerWithinMs: setting({
    about: 'A check not answered by then is refused; more than the store’s time.',
    parse: durationMs({ min: 20, max: 20_000 }),
    fallback: 150,
    for: DECIDING,
  }),
}

export const tokens = {
  keysDirectory: setting({
    about: 'The keyring: one file per signing key, readable by its owner only.',
    parse: path,
    for: ['dev', 'authorizer', 'identity', 'keys'],
    requiredBy: ['authorizer', 'keys'],
  }),
  cookieKeysDirectory: setting({
    about:
      'The keys that seal session cookies, where they lie apart from the keyring: an identity ' +
      'API that verifies by DVARA_JWKS_URL then needs no key that signs tokens. ' +
      'Default: the keyring.',
    parse: path,
    for: ['dev', 'authorizer', 'identity', 'keys'],
  }),
  jwtAlgorithm: setting({
    about:
      'The kind of a newly generated key; the active key signs. Barong’s neighbours verify RS256.',
    parse: oneOf(['EdDSA', 'ES256', 'RS256']),
    fallback: 'EdDSA',
    for: ['dev', 'authorizer', 'keys', 'identity'],
  }),
  crypto: setting({
    about:
      'What signs and verifies: our WebAssembly with prepared keys, or node:crypto. Without a ' +
      'working WebAssembly it is node:crypto, and the log and a metric say so.',
    parse: oneOf(['wasm', 'node']),
    fallback: 'wasm',
    for: SERVING,
  }),
  signatureCheckEvery: setting({
    about:
      'One signature in so many is verified by node:crypto before it leaves; 0 means none. ' +
      'A wrong one is withheld, and node:crypto signs from then on.',
    parse: count({ min: 0, max: 1_000_000 }),
    fallback: 256,
    for: DECIDING,
  }),
  jwtIssuer: setting({
    about: 'The issuer claim of every token.',
    parse: text,
    fallback: 'dvara',
    for: SERVING,
  }),
  jwtTtlS: setting({
    about: 'How long a token is valid: the longest time that an upstream misses a logout.',
    parse: durationS({ min: 5, max: 3600 }),
    fallback: 60,
    for: ['dev', 'authorizer', 'keys'],
  }),
  jwtMemo: setting({
    about: 'Hand out one token until half its life is over, rather than sign every answer anew.',
    parse: flag,
    fallback: true,
    for: DECIDING,
  }),
  jwksMaxAgeS: setting({
    about: 'How long verifiers may keep the public keys.',
    parse: durationS({ min: 0, max: 86_400 }),
    fallback: 300,
    for: ['dev', 'authorizer', 'keys'],
  }),
  jwksUrl: setting({
    about: 'Where the identity API fetches public keys, if not from the keyring directory.',
    parse: httpUrl,
    for: ['identity'],
  }),
  identityAudience: setting({
    about: 'The audience that the identity API accepts in a token.',
    parse: text,
    fallback: 'dvara',
    for: ['dev', 'identity'],
  }),
}

export const operations = {
  logLevel: setting({
    about: 'The least severe line that is written.',
    parse: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
    for: EVERY,
  }),
  decisionsKept: setting({
    about:
      'Decisions that one worker keeps for /decisions and `dvara explain`, without secrets; ' +
      'about 1 KB each.',
    parse: count({ min: 1, max: 1_000_000 }),
    fallback: 4096,
    for: DECIDING,
  }),
  drainMs: setting({
    about: 'How long a process that was told to stop finishes what it has begun.',
    parse: durationMs({ min: 0, max: 600_000 }),
    fallback: 10_000,
    for: SERVING,
  }),
}
