import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readArguments, readFileSettings, readVariables } from '../../src/config/sources.ts'

const CANARY = 'canary-52c0'

test('only variables that begin with DVARA_ are looked at, and empty ones are not set', () => {
  const read = readVariables({ PATH: '/bin', DVARA_WORKERS: '2', DVARA_LISTEN: '', XDVARA_A: 'x' })
  assert.deepEqual(read.problems, [])
  assert.deepEqual(
    read.entries.map((entry) => [entry.name, entry.text]),
    [['workers', '2']],
  )
})

test('an unknown variable is a problem that names the near one and hides the value', () => {
  const { problems } = readVariables({ DVARA_REDIS_ULR: CANARY, DVARA_PORT: '9090' })
  assert.equal(problems.length, 2)
  const said = JSON.stringify(problems)
  assert.match(said, /DVARA_REDIS_ULR.*did you mean DVARA_REDIS_URL\?/)
  assert.match(said, /DVARA_PORT/)
  assert.ok(!said.includes(CANARY))
})

test('the variables by which Kubernetes describes a service named dvara are let be', () => {
  const { problems, entries } = readVariables({
    DVARA_SERVICE_HOST: '10.96.0.7',
    DVARA_SERVICE_PORT: '9090',
    DVARA_SERVICE_PORT_HTTP: '9090',
    DVARA_PORT: 'tcp://10.96.0.7:9090',
    DVARA_PORT_9090_TCP: 'tcp://10.96.0.7:9090',
    DVARA_PORT_9090_TCP_PROTO: 'tcp',
    DVARA_PORT_9090_TCP_PORT: '9090',
    DVARA_PORT_9090_TCP_ADDR: '10.96.0.7',
    DVARA_IDENTITY_PORT: 'tcp://10.96.0.8:9091',
  })
  assert.deepEqual([problems, entries], [[], []])
})

test('a secret may come as the path of a file; nothing else may', () => {
  const { entries, problems } = readVariables({
    DVARA_REDIS_URL_FILE: '/x',
    DVARA_LISTEN_FILE: '/x',
  })
  assert.deepEqual(
    entries.map((entry) => [entry.name, entry.isPath]),
    [['redisUrl', true]],
  )
  assert.equal(problems.length, 1)
})

const FILES: [string, string, [string, string][]][] = [
  [
    'plain values',
    'workers: 2\njwtMemo: false\n',
    [
      ['workers', '2'],
      ['jwtMemo', 'false'],
    ],
  ],
  ['values as written, not as YAML types', 'workers: 0x10', [['workers', '0x10']]],
  [
    'a block list',
    'trustedProxies:\n  - ::1\n  - 10.0.0.0/8',
    [['trustedProxies', '::1,10.0.0.0/8']],
  ],
  ['a flow list', 'trustedProxies: ["::1", 10.0.0.0/8]', [['trustedProxies', '::1,10.0.0.0/8']]],
  ['an empty value as not set', 'workers:\nlisten: ""', []],
  ['an empty file', '', []],
  ['a file of comments', '# nothing\n', []],
]

for (const [about, text, expected] of FILES) {
  test(`the file gives ${about}`, () => {
    const { entries, problems } = readFileSettings('c.yml', text)
    assert.deepEqual(problems, [])
    assert.deepEqual(
      entries.map((entry) => [entry.name, entry.text]),
      expected,
    )
  })
}

const BAD_FILES: [string, string, RegExp][] = [
  ['a key that does not exist', `workrs: ${CANARY}`, /workrs.*did you mean workers/],
  ['a key given twice', 'workers: 1\nworkers: 2', /line 2 .*duplicate key/],
  ['broken YAML', `redisUrl: "redis://:${CANARY}@h\n`, /line \d+ is not YAML/],
  ['a list at the top', '- workers', /expected lines such as/],
  ['one word', `DVARA_REDIS_URL=${CANARY}`, /expected lines such as/],
  ['a mapping as value', `workers: {a: ${CANARY}}`, /one value or a list/],
  ['a list of lists', `workers: [[${CANARY}]]`, /one value or a list/],
  ['an alias', `a: &x ${CANARY}\nworkers: *x`, /aliases/],
  ['a tag', `workers: !js ${CANARY}`, /not YAML that we read/],
  ['a key that is no name', `"redisUrl=${CANARY}": x`, /a name that is none/],
  ['a key of every object', '__proto__: x', /__proto__/],
]

for (const [about, text, expected] of BAD_FILES) {
  test(`the file is refused for ${about}, and its values are not shown`, () => {
    const { problems } = readFileSettings('c.yml', text)
    const said = JSON.stringify(problems)
    assert.match(said, expected)
    assert.ok(!said.includes(CANARY), said)
  })
}

test('flags take their value after a blank or an equals sign', () => {
  const read = readArguments(['--workers', '2', '--listen=[::1]:1', '--config-file', 'c.yml'], {})
  assert.deepEqual(read.problems, [])
  assert.deepEqual(
    read.entries.map((entry) => entry.text),
    ['2', '[::1]:1'],
  )
  assert.equal(read.file, 'c.yml')
})

test('the command’s own flags, options and words are handed back', () => {
  const own = { flags: ['json'], options: ['method'], wordsMax: 1 }
  const read = readArguments(['--json', '/path', '--method', 'GET', '--workers=2'], own)
  assert.deepEqual(read.problems, [])
  assert.deepEqual([...read.flags], ['json'])
  assert.deepEqual([...read.options], [['method', 'GET']])
  assert.deepEqual(read.words, ['/path'])
})

const BAD_ARGUMENTS: [string, string[], RegExp][] = [
  ['an unknown flag', ['--worker', CANARY], /--worker.*did you mean --workers/],
  ['a misspelt secret', [`--redis-ulr=${CANARY}`], /--redis-ulr/],
  ['a secret', ['--redis-url', `redis://:${CANARY}@h`], /command line is seen.*DVARA_REDIS_URL/],
  ['a word too many', [CANARY], /a word too many/],
  ['a flag without value', ['--workers'], /expected a value/],
  ['a flag followed by a flag', ['--workers', '--jwt-memo', 'true'], /expected a value/],
  ['an empty value', ['--workers='], /expected a value/],
  ['a file for no secret', ['--workers-file', 'x'], /--workers-file/],
]

for (const [about, argv, expected] of BAD_ARGUMENTS) {
  test(`the command line is refused for ${about}, and no value is shown`, () => {
    const said = JSON.stringify(readArguments(argv, {}).problems)
    assert.match(said, expected)
    assert.ok(!said.includes(CANARY), said)
  })
}
