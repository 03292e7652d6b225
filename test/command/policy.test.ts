import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { KeptDecision } from '../../src/core/kept.ts'
import { createFolder } from '../process/servers.ts'
import { MAIN } from '../process/stack.ts'

const GOOD = `version: 1
public: [/open]
blocked: [/shut]
default_audience: [dvara]
`
const ROWS = `- { role: member, verb: ALL, path: /app, action: ACCEPT }
`
const BAD = `version: 1
public: [/open, "/api/.*"]
default_audience: [dvara]
permissions:
  - { role: member, verb: ALL, path: /app, action: DROP }
  - { role: member, verb: GET, path: /app/x, action: ACCEPT }
`

function policy(cwd: string, ...argv: string[]) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { PATH: process.env.PATH }
    execFile(process.execPath, [MAIN, 'policy', ...argv], { cwd, env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err })
    })
  })
}

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await createFolder('policy')
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test('check: a sound policy is exit 0, with its rows from a file of their own', async () => {
  const folder = await folderOf({ 'policy.yml': GOOD, 'rows.yml': ROWS })
  const { code, out } = await policy(folder, 'check', 'policy.yml', '--permissions', 'rows.yml')
  assert.equal(out, '0 errors, 0 warnings, 0 notes\n')
  assert.equal(code, 0)
})

test('check: each mistake has its line, why it is one, and what to do; exit 1', async () => {
  const folder = await folderOf({ 'policy.yml': BAD })
  const { code, out } = await policy(folder, 'check', 'policy.yml')
  assert.equal(code, 1)
  assert.match(out, /^policy\.yml:2: error: public\[1\]: .*pattern.*\n {4}write .*\/api;/m)
  assert.match(out, /^policy\.yml:6: warning: permissions\[1\]: .*any DROP wins/m)
  const { out: json } = await policy(folder, 'check', 'policy.yml', '--json')
  const { findings } = JSON.parse(json) as { findings: Record<string, unknown>[] }
  assert.deepEqual(Object.keys(findings[0] ?? {}).sort(), [
    ...['file', 'line', 'remedy', 'severity', 'where', 'why'],
  ])
})

test('check: what cannot be read is exit 2, and so is a command that is none', async () => {
  const folder = await folderOf({ 'broken.yml': 'a: [' })
  assert.equal((await policy(folder, 'check', 'broken.yml')).code, 2)
  assert.equal((await policy(folder, 'check', 'missing.yml')).code, 2)
  assert.equal((await policy(folder, 'chek', 'x')).code, 2)
  assert.equal((await policy(folder, 'check')).code, 2)
})

function kept(fields: Partial<KeptDecision>): KeptDecision {
  return {
    ...{ id: 'a', at: '', verdict: 'allow', reason: null, about: null, dialect: 'nginx' },
    ...{ method: 'GET', path: '/app', host: 'h', address: null, userAgent: null },
    ...{ hasCsrfToken: false, credential: 'session', uid: 'ID1', role: 'member', state: 'active' },
    ...{ kid: null, session: null, source: 'memory', epoch: null, seq: 0, policyVersion: 1 },
    ...{ row: null, elapsedUs: 1 },
    ...fields,
  }
}

const DECISIONS = [
  kept({}),
  kept({ id: 'b', path: '/trade' }),
  kept({ id: 'c', path: '/trade/x' }),
  kept({ id: 'd', path: '/shut', verdict: 'deny', reason: 'authz.invalid_permission' }),
  kept({ id: 'e', path: '/was-open', role: null, uid: null, credential: 'session' }),
  kept({ id: 'f', method: null, path: null, verdict: 'deny', reason: 'authz.untrusted_gateway' }),
]

test('diff: says what would change, by reason and with examples', async (t) => {
  const asked: string[] = []
  const authorizer = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(JSON.stringify({ decisions: DECISIONS }))
  })
  await new Promise<void>((resolve) => authorizer.listen(0, '127.0.0.1', resolve))
  t.after(() => authorizer.close())
  const listen = `127.0.0.1:${(authorizer.address() as AddressInfo).port}`
  const folder = await folderOf({ 'policy.yml': GOOD, 'rows.yml': ROWS })
  const given = ['policy.yml', '--permissions', 'rows.yml', '--ops-listen', listen]

  const { code, out } = await policy(folder, 'diff', ...given, '--last', '20')
  assert.equal(code, 0)
  assert.deepEqual(asked, ['/decisions?limit=20'])
  assert.match(out, /^3 of 6 decisions would change\n/)
  assert.match(out, /^ {5}2 {2}allow -> authz\.invalid_permission\n {8}b member GET \/trade\n/m)
  assert.match(out, /^ {5}1 {2}authz\.invalid_permission -> authz\.permission_denied\n/m)
  assert.match(out, /^ {5}1 {2}allow -> not known/m)

  const minding = await policy(folder, 'diff', ...given, '--json', '--fail-on-change')
  assert.equal(minding.code, 1)
  const told = JSON.parse(minding.out) as { decisions: number; changes: { count: number }[] }
  assert.equal(told.decisions, 6)
  assert.deepEqual(
    told.changes.map(({ count }) => count),
    [2, 1],
  )
})

test('diff: restrictions are tried, by the live routes where the file has none', async (t) => {
  const from = (address: string, fields: Partial<KeptDecision> = {}) => kept({ address, ...fields })
  const decisions = [
    from('192.0.2.1'),
    from('192.0.2.9'),
    from('192.0.2.9', { path: '/sign-in', role: null, uid: null, credential: 'none' }),
    from('192.0.2.2', { verdict: 'deny', reason: 'authz.restrict.blacklist', role: null }),
  ]
  const authorizer = createServer((_, response) => response.end(JSON.stringify({ decisions })))
  await new Promise<void>((resolve) => authorizer.listen(0, '127.0.0.1', resolve))
  t.after(() => authorizer.close())
  const listen = `127.0.0.1:${(authorizer.address() as AddressInfo).port}`
  const folder = await folderOf({
    'live.yml': `${GOOD}login: [/sign-in]\n`,
    'next.yml': `restrictions:
  - { category: blacklist, scope: ip, value: 192.0.2.1 }
  - { category: blocklogin, scope: all }
`,
    'bad.yml': 'restrictions: [{ category: blacklist, scope: planet, value: x }]',
  })
  const asked = ['--ops-listen', listen, '--policy-file', 'live.yml']
  const { code, out, err } = await policy(folder, 'diff', 'next.yml', ...asked)
  assert.equal(code, 0, err)
  assert.match(out, /^2 of 4 decisions would change\n/)
  assert.match(out, /^ {5}1 {2}allow -> authz\.restrict\.blacklist\n/m)
  assert.match(out, /^ {5}1 {2}allow -> authz\.restrict\.blocklogin\n {8}a nobody GET \/sign-in/m)
  assert.match(out, /^ {5}1 {2}authz\.restrict\.blacklist -> not known/m)
  const bad = await policy(folder, 'diff', 'bad.yml', ...asked)
  assert.equal(bad.code, 2)
  assert.match(bad.err, /bad\.yml: `restrictions\[0\]\.scope` must be one of/)
})

test('diff: an authorizer that is away is one line that names the setting', async () => {
  const folder = await folderOf({ 'policy.yml': GOOD })
  const { code, err } = await policy(folder, 'diff', 'policy.yml', '--ops-listen', '127.0.0.1:1')
  assert.equal(code, 1)
  assert.match(err, /^dvara: .*DVARA_OPS_LISTEN.*\n$/)
})

test('diff: whoever answers in another way is named as no authorizer', async (t) => {
  const answers = ['<html>', '{"decisions":7}', 'null']
  const stranger = createServer((_, response) => response.end(answers.shift()))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  t.after(() => stranger.close())
  const listen = `127.0.0.1:${(stranger.address() as AddressInfo).port}`
  const folder = await folderOf({ 'policy.yml': GOOD })
  for (const _ of [...answers]) {
    const { code, err } = await policy(folder, 'diff', 'policy.yml', '--ops-listen', listen)
    assert.match(err, /^dvara: .*it is no ops listener of an authorizer \(DVARA_OPS_LISTEN\)\n$/)
    assert.equal(code, 1)
  }
})
