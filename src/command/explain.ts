import type { Loaded } from '../config/load.ts'
import type { ListenAddress } from '../config/parsers.ts'
import { listenAddress } from '../config/parsers.ts'
import type { Explanation } from '../core/explanation.ts'
import { askOps } from './ask-ops.ts'
import { command } from './command.ts'
import { renderExplanation } from './explain-print.ts'
import { findOpsPlace } from './ops-place.ts'

const OPTIONS = [
  ...['id', 'method', 'path', 'as', 'ip', 'host', 'csrf', 'user-agent', 'header', 'gateway'],
  ...['dialect', 'signing-version'],
] as const

/** Exit codes: as `grep` has them, with one more for nobody to ask. */
const ALLOWED = 0
const DENIED = 1
const MISUSED = 2
const UNANSWERED = 3

const ANSWER_WITHIN_MS = 5000

export const explain = command({
  process: 'explain',
  about: 'Why a request was, or would be, let pass or refused. Asks a running authorizer.',
  usage: `dvara explain --id DECISION_ID [--dialect NAME] [--json]
       dvara explain [--method GET] --path /PATH [--as WHO] [--ip ADDRESS] [more] [--json]

  --id DECISION_ID        a decision that was made, as X-Decision-Id or /decisions has it
  --as WHO                uid:ID, kid:KEY_ID, none, or cookie: its value on standard input
  --ip ADDRESS            the client’s; default: that of the login
  --user-agent TEXT       default: that of the login
  --csrf TOKEN            matching (the default), none, or a token
  --host NAME             the Host of the request
  --header NAME           a header that the client sends
  --signing-version 1|2   of the API key’s signature; default 2
  --gateway ADDRESS       who asks the authorizer
  --dialect NAME          the wording of one gateway only, whole
  --json                  print one JSON document

Exit code 0: allowed; 1: denied; 2: the question cannot be asked so; 3: nobody answered.
The authorizer is that of --ops-listen, else of dev.json in the data directory.`,
  own: { flags: ['json'], options: OPTIONS },
  run: (loaded) => runExplain(loaded, STANDARD),
})

/** Where the answer goes: the process's own streams, unless a caller has others. */
export interface Terminal {
  print(text: string): void
  complain(text: string): void
}

const STANDARD: Terminal = {
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
}

/** The command itself: asks, words the answer, and resolves to the exit code. */
export async function runExplain(loaded: Loaded<'explain'>, terminal: Terminal): Promise<number> {
  const refuse = (text: string, code: number) => {
    terminal.complain(`dvara: ${text}\n`)
    return code
  }
  const asked = await readQuestion(loaded)
  if ('problem' in asked) return refuse(asked.problem, MISUSED)
  const place = await findOpsPlace(loaded)
  const answer = await ask(place, asked.question).catch((cause: Error) => cause)
  if (answer instanceof Error) {
    const where = listenAddress.print(place)
    return refuse(
      `no authorizer answers on ${where} (${answer.message}); is it running?`,
      UNANSWERED,
    )
  }
  if (answer.status !== 200) {
    const { error } = answer.value as { error?: string }
    const said = error ?? `the ops listener answered ${answer.status}`
    return refuse(said, answer.status === 400 ? MISUSED : UNANSWERED)
  }
  const explanation = answer.value as Explanation
  const isWhole = loaded.options.has('dialect')
  const text = loaded.flags.has('json')
    ? `${JSON.stringify(explanation, null, 2)}\n`
    : renderExplanation(explanation, isWhole)
  terminal.print(text)
  const { verdict } = explanation.decision ?? explanation.trace
  return verdict === 'allow' ? ALLOWED : DENIED
}

type Question = Record<string, unknown>

async function readQuestion({
  options,
}: Loaded<'explain'>): Promise<{ question: Question } | { problem: string }> {
  const option = (name: (typeof OPTIONS)[number]) => options.get(name)
  const id = option('id')
  const dialect = option('dialect')
  const worded = dialect === undefined ? {} : { dialect }
  if (id !== undefined) {
    const other = [...options.keys()].find((name) => name !== 'id' && name !== 'dialect')
    if (other !== undefined) return { problem: `--${other} does not go with --id` }
    return { question: { id, ...worded } }
  }
  const path = option('path')
  if (path === undefined) return { problem: 'say --path /… or --id DECISION_ID' }
  const as = await readWho(option('as') ?? 'none')
  if (as === undefined) return { problem: '--as is uid:ID, kid:KEY_ID, cookie or none' }
  const header = option('header')
  const version = option('signing-version')
  const given = {
    ...{ path, as, ...worded, method: option('method'), host: option('host') },
    ...{ address: option('ip'), userAgent: option('user-agent'), csrf: option('csrf') },
    version: version === undefined ? undefined : Number(version),
    ...{ gateway: option('gateway'), headers: header === undefined ? undefined : [header] },
  }
  return { question: given }
}

/** A cookie is a secret: it comes on standard input, where no other user of the machine sees it. */
async function readWho(text: string): Promise<unknown> {
  if (text === 'none') return text
  if (text === 'cookie') return { cookie: await readInput() }
  const colon = text.indexOf(':')
  const kind = colon === -1 ? 'uid' : text.slice(0, colon)
  const name = text.slice(colon + 1)
  return (kind === 'uid' || kind === 'kid') && name !== '' ? { [kind]: name } : undefined
}

async function readInput(): Promise<string> {
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const part of process.stdin) {
    text += String(part)
    if (text.length > 65_536) break
  }
  return text.trim()
}

async function ask(
  place: ListenAddress,
  body: Question,
): Promise<{ status: number; value: unknown }> {
  const { status, text } = await askOps(place, {
    ...{ path: '/explain', body, withinMs: ANSWER_WITHIN_MS },
  })
  try {
    return { status, value: JSON.parse(text) }
  } catch {
    throw new Error('it is no ops listener of an authorizer')
  }
}
