import { readCookie, readCredential } from '../../../src/core/credential.ts'
import { checkOf } from '../../core/facts.ts'
import { cookiesOf } from '../../reference/request.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'

interface CookieCase extends Input {
  readonly name: string
  readonly lines: readonly string[]
}

const NAMES = ['dvara_session', '__Host-dvara_session', 'a', 'aa']
const ID = 'S'.repeat(68)
const PIECES = [
  ...['=', '=', ';', '; ', ';', ' ', '\t', ',', '"', "'", '\\', '\0', '\u007f', '\u00e9', '%3d'],
  ...[
    'dvara_session',
    '__Host-dvara_session',
    'a',
    'aa',
    'A',
    'DVARA_SESSION',
    'b=1',
    '$Version=1',
  ],
  ...[
    ID,
    ID.slice(1),
    `${ID}S`,
    'T'.repeat(68),
    '',
    '../',
    '__proto__',
    '-',
    '_',
    '.',
    '*',
    '[',
    '(',
  ],
]

/** One pass over the text, against a parser that splits it. */
export const cookieTarget = target<CookieCase>({
  name: 'cookie',
  about: 'the session cookie among others, against a parser that splits every line',
  share: 1,
  start: () => ({ draw: drawLines, judge }),
})

function judge({ name, lines }: CookieCase): string | undefined {
  const values = new Set(
    cookiesOf(
      {
        ...{ method: '', target: '', host: '', client: '', atMs: 0 },
        lines: lines.map((line) => ['Cookie', line] as const),
      },
      name,
    ),
  )
  const expected = values.size > 1 ? null : [...values][0]
  const cookies = lines.join('; ')
  if (readCookie(cookies, name) !== expected) return `read as ${readCookie(cookies, name)}`
  const { kind } = readCredential(checkOf({ cookies }), name)
  const isId = typeof expected === 'string' && /^[A-Za-z0-9_-]{68}$/.test(expected)
  if (expected === null) return kind === 'ambiguous' ? undefined : `${kind} and not ambiguous`
  if (expected === undefined) return kind === 'none' ? undefined : `${kind} and not none`
  return (kind === 'session') === isId ? undefined : `${kind}, though it is ${expected}`
}

function drawLines(dice: Dice): CookieCase {
  const name = dice.pick(NAMES)
  const lines = Array.from({ length: 1 + dice.below(3) }, () => {
    let line = dice.once(2) ? `${name}=${ID}` : ''
    for (let count = dice.below(9); count > 0; count--) {
      const piece = dice.once(16) ? dice.bytes(2).toString('latin1') : dice.pick(PIECES)
      line = dice.once(2) ? line + piece : piece + line
    }
    return line
  })
  return { name, lines }
}
