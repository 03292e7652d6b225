import assert from 'node:assert/strict'
import test from 'node:test'
import type { Wanted } from './run.ts'
import { parseWanted, run } from './run.ts'
import { target } from './target.ts'

const CRYPTO = parseWanted(['crypto'])

test('the command line is read, with a fresh seed and 10,000 inputs if none are named', () => {
  assert.equal(CRYPTO.inputsCount, 10_000)
  assert.match(CRYPTO.seed, /^[0-9a-f]{12}$/)
  assert.notEqual(parseWanted(['crypto']).seed, CRYPTO.seed)
  const wanted = parseWanted(['--', 'crypto', '--inputs', '5', '--seed', 's', '--only', 'hmac'])
  assert.deepEqual(
    { ...wanted, targets: wanted.targets.map((each) => each.name) },
    { name: 'crypto', inputsCount: 5, seed: 's', targets: ['hmac'], workersCount: 1 },
  )
})

const REFUSED = [
  { name: 'no target', words: [], says: /crypto/ },
  { name: 'an unknown target', words: ['nothing'], says: /crypto/ },
  { name: 'two targets', words: ['crypto', 'crypto'], says: /crypto/ },
  { name: 'an unknown part', words: ['crypto', '--only', 'md5'], says: /p256-sign/ },
  { name: 'no inputs', words: ['crypto', '--inputs', '0'], says: /--inputs/ },
  { name: 'inputs in words', words: ['crypto', '--inputs', '1e6'], says: /--inputs/ },
  { name: 'an unknown option', words: ['crypto', '--fast'], says: /--fast/ },
]
for (const { name, words, says } of REFUSED) {
  test(`refused: ${name}`, () => assert.throws(() => parseWanted(words), says))
}

/** Runs it and says what was written where. */
async function runAside(wanted: Wanted) {
  const [said, printed, kept]: [string[], string[], unknown[]] = [[], [], []]
  const code = await run(wanted, {
    say: (line) => void said.push(line),
    print: (line) => void printed.push(line),
    keep(one) {
      kept.push(one)
      return 'a-file.json'
    },
  })
  return { code, said: said.join('\n'), kept, result: JSON.parse(printed.at(-1) ?? '') }
}

test('a run without disagreements exits with 0, and its last line says what was done', async () => {
  const { code, kept, result } = await runAside(
    parseWanted(['crypto', '--only', 'sha256', '--seed', 's']),
  )
  assert.equal(code, 0)
  assert.deepEqual(kept, [])
  const { seconds, ...rest } = result
  assert.ok(seconds >= 0)
  assert.deepEqual(rest, { target: 'crypto', inputs: 10_000, seed: 's', disagreements: 0 })
})

test('a disagreement exits with 1, is shown in hex, and says how to see it again', async () => {
  const wrong = target<{ bytes: Buffer }>({
    name: 'wrong',
    about: 'a stand-in',
    share: 1,
    start: () => ({ draw: () => ({ bytes: Buffer.of(0xab, 0xcd) }), judge: () => 'not the same' }),
  })
  const wanted = { name: 'crypto', targets: [wrong], inputsCount: 1, seed: 's', workersCount: 1 }
  const { code, said, kept, result } = await runAside(wanted)
  assert.equal(code, 1)
  assert.equal(result.disagreements, 1)
  assert.match(said, /not the same/)
  assert.match(said, /"hex": "abcd"/)
  assert.match(said, /a-file\.json/)
  const from = 'npm run fuzz -- crypto --seed s --only wrong'
  assert.match(said, new RegExp(from))
  assert.deepEqual(kept, [{ target: 'wrong', input: { bytes: Buffer.of(0xab, 0xcd) }, from }])
})

test('threads share the inputs, each with its part of the seed', async () => {
  const words = ['crypto', '--only', 'sha256', '--seed', 's', '--inputs', '1000', '--workers', '2']
  const { code, result } = await runAside(parseWanted(words))
  assert.equal(code, 0)
  const { seconds, ...rest } = result
  assert.ok(seconds >= 0)
  assert.deepEqual(rest, {
    ...{ target: 'crypto', inputs: 1000, seed: 's', workers: 2, disagreements: 0 },
  })
})
