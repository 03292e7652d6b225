import { runKeys } from '../authorizer/keys-command.ts'
import { cookieKeysDirectoryOf } from '../config/rules.ts'
import { ROTATION_DELAYS } from '../crypto/key-rotation.ts'
import { command } from './command.ts'

export const keys = command({
  process: 'keys',
  about: 'Generate, list, rotate and import the keys that sign tokens and seal cookies.',
  usage: `dvara keys <generate|list|rotate|import FILE> [settings]

  --algorithm NAME          of a generated or imported key
  --cookie                  generate: add a key that seals session cookies, and no other
  --older-than-days DAYS    rotate: begin a rotation only if the signing key is this old
  --dry-run                 rotate: say what would happen and when, and change nothing
  --json                    print one JSON document`,
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
      timing: {
        ...ROTATION_DELAYS,
        jwksMaxAgeMs: config.jwksMaxAgeS * 1000,
        tokenTtlMs: config.jwtTtlS * 1000,
      },
    })
  },
})
