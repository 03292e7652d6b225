import { DIALECT_NAMES, type DialectName } from '../../../src/core/check.ts'
import { readIdentity, wordIdentity } from '../../../src/core/identity-lines.ts'
import { deny } from '../../../src/core/verdict.ts'
import { isRefused, readCheck } from '../../../src/gateway/dialect.ts'
import { DIALECTS } from '../../../src/gateway/endpoint.ts'
import { SPELLINGS } from '../../gateway/spellings.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'

interface HeadersCase extends Input {
  readonly dialect: DialectName
  readonly names: readonly string[]
}

/** What upstreams take for somebody's identity, and what we take for the gateway's word. */
const RESERVED = [
  ...['remote-user', 'remote-groups', 'remote-email', 'remote-name', 'x-remote-user'],
  ...['x-remote-groups', 'x-remote-email', 'x-remote-name', 'x-auth-user', 'x-auth-role'],
  ...['x-auth-uid', 'x-forwarded-user', 'x-forwarded-groups', 'x-forwarded-email'],
  ...['x-forwarded-preferred-username', 'x-dvara-user', 'x-dvara-role', 'x-dvara-anything'],
  ...['x-authentik-uid', 'x-authentik-username'],
]
const OURS = [
  ...['x-original-method', 'x-original-uri', 'x-real-ip', 'x-forwarded-method'],
  ...['x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-for', 'cookie', 'user-agent', 'host'],
  ...['x-csrf-token', 'x-auth-apikey', 'x-auth-nonce', 'x-auth-signature'],
]
const FOREIGN = ['accept', 'x-foreign', 'x-dvara', 'remote-users', 'authorization', 'x-user', 'te']

const LINES = wordIdentity('Bearer a.b.c', 'ID1', 'member') ?? ''
const ORIGINAL = { method: 'GET', target: '/public', host: 'a', client: '198.51.100.7' }

/**
 * No alias survives: a client's header that an upstream could take for one of ours, or for one
 * that the gateway must send, is refused; and every grant has each identity header exactly once.
 */
export const headersTarget = target<HeadersCase>({
  name: 'headers',
  about: 'no alias of a reserved header passes, in any dialect',
  share: 1,
  start: () => ({ draw: drawNames, judge }),
})

function judge({ dialect: name, names }: HeadersCase): string | undefined {
  const dialect = DIALECTS[name]
  const lines = names.map((each) => [each, 'spoofed'] as const)
  const read = readCheck(dialect, SPELLINGS[name](ORIGINAL, lines))
  const isAlias = names.some((each) => {
    const lower = each.toLowerCase()
    const mapped = lower.replace(/[_. ]/g, '-')
    const isReserved = RESERVED.includes(mapped) || /^x-(dvara|authentik)-/.test(mapped)
    return isReserved || (mapped !== lower && OURS.includes(mapped))
  })
  if (isAlias) {
    if (!isRefused(read)) return 'passed'
    const isMalformed = read.denial === deny('authz.malformed_check')
    return isMalformed || read.denial === deny('authz.reserved_header') ? undefined : 'misnamed'
  }
  if (isRefused(read) && read.denial === deny('authz.reserved_header')) {
    return 'a harmless header is refused'
  }
  return judgeReply([...readIdentity(LINES), ...dialect.allow.headers])
}

function judgeReply(headers: readonly string[]): string | undefined {
  const names = headers.filter((_, at) => at % 2 === 0).map((each) => each.toLowerCase())
  for (const each of ['authorization', 'x-dvara-user', 'x-dvara-role']) {
    if (names.filter((one) => one === each).length !== 1) return `${each} is not there once`
  }
  return undefined
}

function drawNames(dice: Dice): HeadersCase {
  const names = Array.from({ length: 1 + dice.below(3) }, () => drawName(dice))
  return { dialect: dice.pick(DIALECT_NAMES), names }
}

function drawName(dice: Dice): string {
  const name = dice.pick(dice.pick([RESERVED, OURS, FOREIGN]))
  const letters = [...name].map((letter) => {
    if (letter === '-' && dice.once(3)) return dice.pick(['_', '.', ' ', '-', '--', ''])
    return dice.once(4) ? letter.toUpperCase() : letter
  })
  if (dice.once(8))
    letters.splice(dice.below(letters.length + 1), 0, dice.pick(['x', '-', '_', '.']))
  return letters.join('')
}
