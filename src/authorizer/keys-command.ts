import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Algorithm } from '../crypto/algorithm.ts'
import { ALGORITHM_NAMES, isAlgorithm } from '../crypto/algorithm.ts'
import {
  ensureCookieKey,
  generateCookieKey,
  listCookieKeys,
  rotateCookieKeys,
} from '../crypto/cookie-keys.ts'
import { KeyringError } from '../crypto/key-file.ts'
import type { RotationStep, RotationTiming } from '../crypto/key-rotation.ts'
import { ROTATION_DELAYS, rotateKeys } from '../crypto/key-rotation.ts'
import type { KeyStanding, KeySummary } from '../crypto/keys.ts'
import { generateKey, importKey, listKeys } from '../crypto/keys.ts'

/** What the command touches besides the keyring. */
export interface KeysIo {
  readonly directory: string
  print(line: string): void
  nowMs(): number
  /** For `generate` without `--algorithm`; EdDSA if absent. */
  readonly algorithm?: Algorithm
  /** Where the keys of session cookies lie; beside the others if absent. */
  readonly cookieDirectory?: string
  /** How long news of a key travels here; if absent, the longest that may be set. */
  readonly timing?: RotationTiming
  /** Hears that a rotation took a step: authorizers need not wait until they look. */
  readonly changed?: () => Promise<void>
  /** How long a session may live here; if absent, the longest that may be set. */
  readonly sessionLifetimeMs?: number
}

interface Wish {
  readonly algorithm: Algorithm | undefined
  readonly isDryRun: boolean
  readonly isJson: boolean
  readonly isCookie: boolean
  readonly olderThanMs: number
  /** The words after the command's name. */
  readonly rest: readonly string[]
}

const DAY_MS = 86_400_000

/** Counting on shorter tokens than are minted would remove a key under living ones. */
const TIMING_LONGEST: RotationTiming = {
  ...ROTATION_DELAYS,
  jwksMaxAgeMs: DAY_MS,
  tokenTtlMs: 3_600_000,
}

/** The longest that DVARA_SESSION_LIFETIME_S may say. */
const SESSION_LIFETIME_MS_MAX = 31_536_000_000

const HELP = `dvara keys <generate|list|rotate|import> [options]

  generate        add a new key: the first one signs at once, any other waits for rotate;
                  also the first key that seals session cookies
  list            show every key and its state
  rotate          take the steps of a rotation that are due, or begin one, for the keys that sign
                  and for those that seal cookies; run it again for the rest
  import <file>   add an existing private key in PEM

  --algorithm <name>        ${ALGORITHM_NAMES.join(', ')} (import: by the key)
  --cookie                  generate: add a key that seals session cookies, and no other
  --older-than-days <days>  rotate: begin a rotation only if the signing key is this old
  --dry-run                 rotate: say what would happen and when, and change nothing
  --json                    print one JSON document
  --help                    print this`

const COMMANDS: Record<string, (wish: Wish, io: KeysIo) => Promise<void>> = {
  generate,
  list,
  rotate,
  import: importFile,
}

/**
 * Runs `dvara keys` with the words after it. Prints for people, or JSON if asked. Resolves to the
 * exit code: 0 done, 1 the keyring refused, 2 the words were not understood.
 */
export async function runKeys(argv: readonly string[], io: KeysIo): Promise<number> {
  const read = readWish(argv)
  if (read === 'help') {
    io.print(HELP)
    return 0
  }
  if (typeof read === 'string') {
    io.print(`${read}\n\n${HELP}`)
    return 2
  }
  try {
    await read.run(read.wish, io)
    return 0
  } catch (error) {
    if (!(error instanceof KeyringError) && !isSystemError(error)) throw error
    io.print(error.message)
    return 1
  }
}

/** The disk or its rights refused; the message names the call and the path. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}

/** The command and what is asked of it, or a sentence saying what was not understood. */
function readWish(argv: readonly string[]) {
  const options = {
    algorithm: { type: 'string' },
    'older-than-days': { type: 'string', default: '0' },
    'dry-run': { type: 'boolean', default: false },
    cookie: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const
  let words: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>
  try {
    words = parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    return error instanceof Error ? error.message : 'the options were not understood'
  }
  const { values, positionals } = words
  const [name, ...rest] = positionals
  if (values.help || name === undefined || name === 'help') return 'help'
  const run = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (run === undefined) return `unknown command: ${name}`
  if (rest.length !== (name === 'import' ? 1 : 0)) {
    return name === 'import' ? 'import needs one file' : `${name} takes options only`
  }
  const { algorithm } = values
  if (algorithm !== undefined && !isAlgorithm(algorithm)) return `unknown algorithm: ${algorithm}`
  const days = values['older-than-days']
  if (!/^\d{1,5}$/.test(days)) return '--older-than-days needs a whole number'
  const wish: Wish = {
    algorithm,
    isDryRun: values['dry-run'],
    isJson: values.json,
    isCookie: values.cookie,
    olderThanMs: Number(days) * DAY_MS,
    rest,
  }
  // A flag that would be passed over in silence is a misunderstanding, and this one changes keys.
  if (wish.isDryRun && name !== 'rotate') return '--dry-run belongs to rotate'
  if (wish.isCookie && name !== 'generate') return '--cookie belongs to generate'
  return { run, wish }
}

async function generate(wish: Wish, io: KeysIo): Promise<void> {
  const { directory } = io
  const nowMs = io.nowMs()
  const cookies = cookieDirectoryOf(io)
  if (wish.isCookie) {
    printKeys([cookieRow(await generateCookieKey({ directory: cookies, nowMs }))], wish, io)
    return
  }
  const algorithm = wish.algorithm ?? io.algorithm ?? 'EdDSA'
  const rows: Row[] = [await generateKey({ directory, algorithm, nowMs })]
  if (await ensureCookieKey({ directory: cookies, nowMs })) rows.push(...(await cookieRows(io)))
  printKeys(rows, wish, io)
}

async function list(wish: Wish, io: KeysIo): Promise<void> {
  const keys = [...(await listKeys(io.directory)), ...(await cookieRows(io))]
  if (keys.length === 0 && !wish.isJson) {
    io.print(`${io.directory} holds no key: run dvara keys generate`)
    return
  }
  printKeys(keys, wish, io)
}

async function importFile(wish: Wish, io: KeysIo): Promise<void> {
  const path = wish.rest[0] ?? ''
  const pem = await readFile(path, 'utf8').catch(() => {
    throw new KeyringError(`${path} cannot be read`)
  })
  const { directory } = io
  const key = await importKey({ directory, pem, algorithm: wish.algorithm, nowMs: io.nowMs() })
  printKeys([key], wish, io)
}

async function rotate(wish: Wish, io: KeysIo): Promise<void> {
  const { directory, timing = TIMING_LONGEST } = io
  const { algorithm, isDryRun, olderThanMs } = wish
  const nowMs = io.nowMs()
  const signing = await rotateKeys({ directory, nowMs, isDryRun, algorithm, olderThanMs, timing })
  const { reloadMs, skewMs } = timing
  const { sessionLifetimeMs = SESSION_LIFETIME_MS_MAX } = io
  const sealing = await rotateCookieKeys({
    ...{ directory: cookieDirectoryOf(io), nowMs, isDryRun, olderThanMs },
    timing: { reloadMs, skewMs, sessionLifetimeMs },
  })
  const steps = [
    ...signing.map((step) => ({ use: 'tokens' as const, ...step })),
    ...sealing.map((step) => ({ use: 'cookies' as const, ...step })),
  ]
  if (wish.isJson) io.print(JSON.stringify({ isDryRun, steps }))
  else for (const step of steps) io.print(stepLine(step, STEP_WORDS[step.use], isDryRun))
  if (!isDryRun && steps.some((step) => step.isDue)) await io.changed?.()
}

function cookieDirectoryOf({ cookieDirectory, directory }: KeysIo): string {
  return cookieDirectory ?? directory
}

/** One line of a list: what a key that seals cookies computes is always the same. */
type Row = Omit<KeySummary, 'alg'> & { readonly alg: Algorithm | 'BLAKE3' }

function cookieRow({ kid, state, createdAtMs, stateAtMs }: KeyStanding): Row {
  return { kid, alg: 'BLAKE3', state, createdAtMs, stateAtMs }
}

async function cookieRows(io: KeysIo): Promise<Row[]> {
  return (await listCookieKeys(cookieDirectoryOf(io))).map(cookieRow)
}

type StepWords = Record<RotationStep['action'], string>

const STEP_WORDS: Record<'tokens' | 'cookies', StepWords> = {
  tokens: {
    publish: 'publish a new key',
    sign: 'sign with',
    retire: 'stop signing with',
    remove: 'remove',
  },
  cookies: {
    publish: 'make a new cookie key known',
    sign: 'seal cookies with',
    retire: 'stop sealing cookies with',
    remove: 'remove the cookie key',
  },
}

function stepLine(step: RotationStep, words: StepWords, isDryRun: boolean): string {
  const when = new Date(step.atMs).toISOString()
  const what = [words[step.action], step.kid].filter((word) => word !== undefined).join(' ')
  if (!step.isDue) return `not before ${when}: ${what}`
  return isDryRun ? `would now ${what}` : `done: ${what}`
}

function printKeys(keys: readonly Row[], wish: Wish, io: KeysIo): void {
  if (wish.isJson) {
    io.print(JSON.stringify({ keys }))
    return
  }
  for (const { kid, alg, state, stateAtMs } of keys) {
    const since = `since ${new Date(stateAtMs).toISOString()}`
    io.print([kid.padEnd(43), alg.padEnd(6), state.padEnd(8), since].join('  '))
  }
}
