import { DIALECT_NAMES } from '../../../src/core/check.ts'
import type { Login, World } from '../../reference/world.ts'
import type { Dice } from '../dice.ts'
import type { Question } from './case.ts'
import { drawAddress, drawPath, NOW_MS } from './draw-world.ts'
import { signatureOf } from './sign.ts'

type Line = readonly [name: string, value: string]

const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
const ODD_METHODS = ['PURGE', 'TRACE', 'ALL', 'get', 'M-SEARCH', 'G ET', '', 'A'.repeat(21)]
export const HOSTS = ['app.example', 'APP.example.:443', '[::1]:80', '', 'a..b', 'a b', '-', 'a:']

/** Put into a path somewhere: each has a second reading somewhere, or just looks like it. */
const ODDITIES = [
  ...['//', '/./', '/../', '/..', '.', '..', '%2e', '%2E%2e', '%2f', '%5c', '\\', ';', ';a=1'],
  ...['%00', '%', '%4', '%zz', '%41', '%7e', '%25', '%252e', '#', '%23', '%3f', '%20', '%09', '\t'],
  ...[' ', '*', '%c3%a9', 'e%cc%81', '%ef%bc%8f', '%ff', '%c0%af', '%e2%80%8b', '%c2%a0', '\u00e9'],
  ...['%22', '%7B', '%21', '!', '$', '&', "'", '(', '+', ',', '=', ':', '@', '/', '%e3%80%80'],
]
/** On both sides of the bound; each costs as much as hundreds of others. */
const LONG_TARGETS = [8190, 8191, 8192].flatMap((count) => [
  `/${'a'.repeat(count)}`,
  '/a'.repeat(count / 2),
])
const QUERIES = [
  ...['?uid=ID1', '?x=1&user_uid=ID2&uid=ID1', '?uid=&uid=ID3', '?uid=ID1=', '?auid=ID1'],
  ...['', '?', '?x=1', '?/a', '??', '?a#b', '?a b', '?%2f..', '?\u00e9', '?;'],
]

/** Headers that only the authorizer may use, in spellings of theirs, and some that just look so. */
export const RESERVED_LINES: readonly Line[] = [
  ...(['X-Dvara-User', 'x_dvara_role', 'Remote-User', 'REMOTE.USER', 'X Auth User'] as const).map(
    (name): Line => [name, 'ID0'],
  ),
  ...(['X_Csrf_Token', 'x.original.uri', 'User_Agent', 'X-Authentik-Uid'] as const).map(
    (name): Line => [name, 'a'],
  ),
]
export const HARMLESS_LINES: readonly Line[] = [
  ['Authorization', 'Bearer of-the-client'],
  ['X-Dvara', 'a'],
  ['Remote-Userx', 'a'],
  ['X-HTTP-Method-Override', 'GET'],
  ['X-Real_Name', 'a'],
  ['Accept', '*/*'],
]

const NONCE_OFFSETS_MS = [0, 0, 0, 0, 0, 0, 0, 1, -1, 4999, -4999, 5000, -5000, 5001, -60_000]
const ODD_NONCES = ['nonce', '0', '-1', '1700000000', '1_700_000_000_000', ' 1700000000000', 'x1']

/** A request as a program signs it; mostly right, and now and then one thing of it is not. */
function drawSigned(dice: Dice, world: World): Question {
  const key = dice.pick(world.keys)
  const atMs = NOW_MS + dice.below(7000) - 2000
  const base = {
    dialect: dice.pick(DIALECT_NAMES),
    method: drawMethod(dice),
    target: drawTarget(dice, world),
    host: dice.once(16) ? dice.pick(HOSTS) : 'app.example',
    client: drawAddress(dice),
    atMs,
  }
  const near = dice.once(4) ? NOW_MS : atMs
  const nonce = dice.once(12)
    ? dice.pick(ODD_NONCES)
    : String(near + dice.pick(NONCE_OFFSETS_MS)) + (dice.once(12) ? 'abc' : '')
  const digest = dice.once(4) ? 'sha-256=:YQ==:' : undefined
  const version = dice.pick(['1', undefined, '2', '2', '2'])
  const signed = { ...base, ...(dice.once(16) ? { method: 'GET', host: 'b.example' } : {}) }
  const signature = signatureOf(key, version === '2' ? 2 : 1, nonce, signed, digest)
  const lines: Line[] = [
    ['X-Auth-Apikey', dice.once(24) ? dice.pick(['k9', 'K0', '__proto__', 'k*']) : key.kid],
    ['X-Auth-Nonce', nonce],
    ['X-Auth-Signature', dice.once(16) ? signature.toUpperCase() : signature],
  ]
  if (version !== undefined) lines.push(['X-Auth-Version', version])
  if (dice.once(48)) lines.push(['X-Auth-Version', dice.pick(['2', '3', '', '02'])])
  if (digest !== undefined) lines.push(['Content-Digest', digest])
  if (dice.once(48)) lines.push(['Content-Digest', dice.pick(['', 'sha-256=:Yg==:'])])
  if (dice.once(32)) lines.splice(dice.below(3), 1)
  if (dice.once(8)) lines.push(['Cookie', `${world.cookieName}=${dice.pick(world.sessions).id}`])
  return { ...base, lines }
}

/** One question of a world, near to what the world holds and to the edges of it. */
export function drawQuestion(dice: Dice, world: World): Question {
  const login = dice.pick(world.sessions)
  if (world.keys.length > 0 && dice.once(5)) return drawSigned(dice, world)
  return {
    dialect: dice.pick(DIALECT_NAMES),
    method: drawMethod(dice),
    target: drawTarget(dice, world),
    host: dice.once(16) ? dice.pick(HOSTS) : 'app.example',
    client: dice.once(6) ? drawAddress(dice) : login.address,
    lines: drawLines(dice, world, login),
    atMs: drawInstant(dice, login),
  }
}

export function drawTarget(dice: Dice, world: World): string {
  let path = drawPlainPath(dice, world)
  if (!path.startsWith('/')) path = `/${path}`
  switch (dice.below(24)) {
    case 0:
      path += `/${dice.pick(['a', 'x', 'A'])}`
      break
    case 1:
      path += dice.pick(['x', '/', '-', '.a', 'A'])
      break
    case 2:
      path = path.toUpperCase()
      break
    case 3:
      path = path.slice(0, 1 + dice.below(path.length))
      break
    case 6:
      path = path.replace(/[:@]/, (mark) => (mark === ':' ? dice.pick(['%3a', '%3A']) : '%40'))
      break
    case 4:
      path = putOddity(dice, path)
      break
    default:
  }
  if (dice.once(64)) return dice.pick(dice.once(32) ? LONG_TARGETS : ['', '*', 'a', '?x'])
  return dice.once(6) ? path + dice.pick(QUERIES) : path
}

export function putOddity(dice: Dice, path: string): string {
  const at = dice.below(path.length + 1)
  return path.slice(0, at) + dice.pick(ODDITIES) + path.slice(at)
}

export function drawMethod(dice: Dice): string {
  return dice.once(16) ? dice.pick(ODD_METHODS) : dice.pick(METHODS)
}

function drawPlainPath(dice: Dice, world: World): string {
  const { permissions, routes } = world
  switch (dice.below(8)) {
    case 0:
      return drawPath(dice)
    case 1:
      return routes.public.length > 0 ? dice.pick(routes.public) : '/a'
    case 2:
      return routes.blocked.length > 0 ? dice.pick(routes.blocked) : '/a/b'
    case 3:
      return routes.audiences.length > 0 ? dice.pick(routes.audiences).prefix : '/'
    default:
      return permissions.length > 0 ? dice.pick(permissions).path : '/api'
  }
}

/** Mostly the session's own browser, address and token; now and then one thing of it is not. */
function drawLines(dice: Dice, world: World, login: Login): Line[] {
  const lines: Line[] = []
  drawCookies(dice, world, login, lines)
  if (!dice.once(12)) lines.push(['User-Agent', dice.once(8) ? 'curl/8' : login.userAgent])
  else if (dice.once(2)) lines.push(['User-Agent', 'a'], ['user-agent', 'b'])
  drawToken(dice, world, login, lines)
  if (dice.once(24)) drawKeyLines(dice, lines)
  if (dice.once(32)) lines.push(dice.pick(RESERVED_LINES))
  if (dice.once(8)) lines.push(dice.pick(HARMLESS_LINES))
  return lines
}

function drawCookies(dice: Dice, world: World, login: Login, lines: Line[]): void {
  const { cookieName: name } = world
  const right = `${name}=${login.id}`
  const other = dice.pick(world.sessions).id
  switch (dice.below(30)) {
    case 0:
      return
    case 1:
      lines.push(['Cookie', `${name}=${dice.bytes(51).toString('base64url')}`])
      return
    case 2: {
      const values = ['', login.id.slice(1), `${login.id}A`, `"${login.id}"`, '../x', '__proto__']
      lines.push(['Cookie', `${name}=${dice.pick(values)}`])
      return
    }
    case 3:
      lines.push(['Cookie', right], ['Cookie', `${name}=${other}`])
      return
    case 4:
      lines.push(['cookie', `${right} ;\t${right}`])
      return
    case 5:
      lines.push(['Cookie', `x${right}; ${name}x=${other}; ${name}; =${name}=${other}`])
      return
    case 6:
      lines.push(['Cookie', `${name.toUpperCase()}X=${other};${right}; ${name}=`])
      return
    case 7:
      lines.push(['Cookie', `a1=${name}=${other}; b="${name}=${other}"; ${right}`])
      return
    default:
      lines.push(['Cookie', dice.once(4) ? `a1=1; ${right}; b=2` : right])
  }
}

function drawToken(dice: Dice, world: World, login: Login, lines: Line[]): void {
  const name = dice.once(8) ? 'x-csrf-token' : 'X-CSRF-Token'
  switch (dice.below(12)) {
    case 0:
      return
    case 1:
      lines.push([name, dice.pick(world.sessions).csrfToken])
      return
    case 2:
      lines.push([name, dice.pick(['', 'wrong', login.csrfToken.slice(1), `${login.csrfToken}x`])])
      return
    case 3:
      lines.push([name, login.csrfToken], [name, login.csrfToken])
      return
    default:
      lines.push([name, login.csrfToken])
  }
}

const BLANKS = ['', ' ', '\t', '\u00a0']

function drawKeyLines(dice: Dice, lines: Line[]): void {
  for (const name of ['X-Auth-Apikey', 'X-Auth-Nonce', 'X-Auth-Signature']) {
    if (dice.once(4)) continue
    lines.push([name, dice.once(6) ? dice.pick(BLANKS) : 'a'])
    if (dice.once(12)) lines.push([name.toLowerCase(), 'a'])
  }
}

/** The edges of the session from both sides, and a clock that is now and then set back. */
export function drawInstant(dice: Dice, login: Login): number {
  switch (dice.below(8)) {
    case 0:
      return login.endsAtMs + dice.below(3) - 1
    case 1:
      return login.idleAtMs + dice.below(3) - 1
    case 2:
      return NOW_MS + dice.below(dice.once(4) ? 90_000_000 : 60_000)
    case 3:
      return NOW_MS - dice.below(5000)
    default:
      return NOW_MS + dice.below(1100)
  }
}
