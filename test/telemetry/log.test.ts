import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Secret } from '../../src/config/secret.ts'
import { Fault } from '../../src/core/fault.ts'
import { createLog, type LogLevel } from '../../src/telemetry/log.ts'
import { LOG_BOUNDS } from '../../src/telemetry/scrub.ts'

const CANARY = 'canary-c0de'

function record(level: LogLevel = 'trace') {
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const { log, flush } = createLog({ level, name: 'test', stream })
  return { log, lines, flush, last: () => JSON.parse(lines.at(-1) ?? 'null') }
}

test('a line is one JSON object with time, level, name and message', () => {
  const { log, lines, last } = record()
  log.info({ port: 1 }, 'listening')
  assert.equal(lines.length, 1)
  assert.match(lines[0] as string, /^\{.*\}\n$/)
  const { time, level, name, msg, port } = last()
  assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/)
  assert.deepEqual([level, name, msg, port], ['info', 'test', 'listening', 1])
})

test('what is less severe than the level is not written', () => {
  const { log, lines } = record('warn')
  log.info('no')
  log.warn('yes')
  assert.equal(lines.length, 1)
})

const LEAKS: [string, (log: ReturnType<typeof record>['log']) => void][] = [
  ['a secret by type', (log) => log.info({ redisUrl: new Secret(CANARY) }, 'a')],
  ['a secret by type, deep', (log) => log.info({ a: [{ b: new Secret(CANARY) }] })],
  ['a secret in a template', (log) => log.info(`${new Secret(CANARY)}`)],
  [
    'a secret as %s, %j and %o',
    (log) => log.info('%s %j %o', new Secret(CANARY), new Secret(CANARY), new Secret(CANARY)),
  ],
  ['request headers', (log) => log.warn({ headers: { Authorization: CANARY, cookie: CANARY } })],
  ['reply headers', (log) => log.warn({ res: { headers: { 'set-cookie': [CANARY] } } })],
  ['a signature', (log) => log.warn({ 'X-Auth-Signature': CANARY })],
  ['a body with a password', (log) => log.warn({ body: { email: 'e', password: CANARY } })],
  ['a child’s bindings', (log) => log.child({ password: CANARY, s: new Secret(CANARY) }).info('a')],
  ['a grandchild’s bindings', (log) => log.child({}).child({ cookie: CANARY }).info('a')],
  ['an error with a URL', (log) => log.error(new Error(`connect redis://:${CANARY}@h failed`))],
  [
    'an error with a query',
    (log) =>
      log.error(
        { err: Object.assign(new Error('a'), { query: CANARY, parameters: [CANARY] }) },
        'b',
      ),
  ],
  [
    'an error under another name',
    (log) => log.error({ fault: Object.assign(new Error('a'), { args: [CANARY] }) }),
  ],
  [
    'a fault and its cause',
    (log) =>
      log.error(
        new Fault('store_unavailable', {
          cause: Object.assign(new Error('x'), { command: CANARY }),
        }),
      ),
  ],
  ['a message with a bearer token', (log) => log.info(`got Bearer ${CANARY}`)],
  ['a map of secrets', (log) => log.info({ map: new Map([['a', CANARY]]) })],
]

for (const [about, leak] of LEAKS) {
  test(`the log does not show ${about}`, () => {
    const { log, lines } = record()
    leak(log)
    assert.equal(lines.length, 1)
    assert.ok(!lines[0]?.includes(CANARY), lines[0])
    JSON.parse(lines[0] as string)
  })
}

test('an error is logged with type, message, code, stack and cause', () => {
  const { log, last } = record()
  log.error(new Fault('store_timeout', { cause: new Error('slow'), about: 'load' }))
  const { err, msg } = last()
  assert.deepEqual([msg, err.type, err.code], ['store_timeout: load', 'Fault', 'store_timeout'])
  assert.equal(err.cause.message, 'slow')
  assert.match(err.stack, /Fault: store_timeout/)
})

test('no client can begin a line or move the terminal’s cursor', () => {
  const { log, lines } = record()
  log.warn({ userAgent: 'x\r\n{"level":"fatal"}\u001b[2J\u009b2J\u2028' }, 'a\nb')
  assert.equal(lines.length, 1)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(lines[0]?.slice(0, -1) as string, /[\u0000-\u001f\u007f-\u009f\u2028]/)
  JSON.parse(lines[0] as string)
})

test('one field cannot make a line long', () => {
  const { log, lines } = record()
  const long = 'x'.repeat(100_000)
  log.warn({ userAgent: long }, long)
  log.error(new Error(long))
  for (const line of lines)
    assert.ok(line.length < 5 * LOG_BOUNDS.textCharsMax, String(line.length))
})

test('what was logged just before the end is written out', () => {
  const url = pathToFileURL(new URL('../../src/telemetry/log.js', import.meta.url).pathname)
  const script =
    `const { createLog } = await import('${url}');` +
    `createLog({ level: 'info', name: 'n' }).log.info('last words'); process.exit(3)`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script])
  assert.equal(status, 3)
  assert.match(String(stdout), /"msg":"last words"/)
})

test('flushing a log without buffer is harmless', () => {
  const { flush } = record()
  flush()
  flush()
})
