import { runKeys } from '../authorizer/keys-command.ts'
import { cookieKeysDirectoryOf, leaseMsOf } from '../config/rules.ts'
import type { ConfigFor } from '../config/settings.ts'
import { Fault } from '../core/fault.ts'
import { ROTATION_DELAYS } from '../crypto/key-rotation.ts'
import { openIdentityStores } from '../store/open.ts'
import { command } from './command.ts'

export const keys = command({
  process: 'keys',
  about: 'Generate, list, rotate and import the keys that sign tokens and seal cookies.',
  usage: `dvara keys <generate|list|rotate|import FILE> [settings]

  --algorithm NAME          of a generated or imported key
  --cookie                  generate: add a key that seals session cookies, and no other
  --older-than-days DAYS    rotate: begin a rotation only if the signing key is this old
  --dry-run                 rotate: say what would happen and when, and change nothing
  --json                    print one JSON document

With DVARA_REDIS_URL and DVARA_DATABASE_URL a step of a rotation is told to the authorizers, and
standard error says when it is in force on them; otherwise each finds it within a second.`,
  own: {
    flags: ['cookie', 'dry-run', 'json'],
    options: ['algorithm', 'older-than-days'],
    wordsMax: 2,
  },
  async run({ config, flags, options, words }) {
    const argv = [...words, ...[...flags].map((name) => `--${name}`)]
    for (const [name, value] of options) argv.push(`--${name}`, value)
    const [first] = words
    // The setting speaks for a key that is generated without a word about its kind.
    if (first === 'generate' && !options.has('algorithm') && !flags.has('cookie')) {
      argv.push('--algorithm', config.jwtAlgorithm)
    }
    return runKeys(argv, {
      directory: config.keysDirectory,
      cookieDirectory: cookieKeysDirectoryOf(config),
      sessionLifetimeMs: config.sessionLifetimeS * 1000,
      print: (line) => void process.stdout.write(`${line}\n`),
      nowMs: Date.now,
      changed: () => announce(config),
      timing: {
        ...ROTATION_DELAYS,
        jwksMaxAgeMs: config.jwksMaxAgeS * 1000,
        tokenTtlMs: config.jwtTtlS * 1000,
      },
    })
  },
})

/** Tells the authorizers, if it is known where; says how that went, and never fails. */
async function announce(config: ConfigFor<'keys'>): Promise<void> {
  const { redisUrl, databaseUrl } = config
  if (redisUrl === undefined || databaseUrl === undefined) return
  try {
    const stores = await openIdentityStores({
      ...{ redisUrl: redisUrl.reveal(), databaseUrl: databaseUrl.reveal() },
      redisCaFile: config.redisCaFile,
      ...{ leaseMs: leaseMsOf(config), fenceMs: config.fenceMs, onFault: () => undefined },
    })
    try {
      const { receipt } = await stores.receipts.collect(() => stores.keyrings.publishChange())
      if (receipt === undefined) return
      const { reportedCount, membersCount, afterMs } = receipt
      const who = `${reportedCount} of ${membersCount} authorizers`
      say(`in force on ${who} after ${Math.round(afterMs)} ms`)
    } finally {
      await stores.close()
    }
  } catch (cause) {
    const why = cause instanceof Fault ? cause.message : String(cause)
    say(`the authorizers could not be told (${why}): each finds the change within a second`)
  }
}

function say(text: string): void {
  process.stderr.write(`dvara: ${text}\n`)
}
