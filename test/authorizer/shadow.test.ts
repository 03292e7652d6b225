import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { mergeShadows } from '../../src/authorizer/operations.ts'
import { createShadow, type ShadowOptions, type ShadowReport } from '../../src/authorizer/shadow.ts'
import { createFindings, type Findings } from '../../src/core/findings.ts'
import { NOWHERE } from '../../src/core/place.ts'
import { type Answer, deny } from '../../src/core/verdict.ts'
import { labelsOfShadow } from '../../src/telemetry/metrics-of-policy.ts'
import { addressOf, checkOf, factsOf, NOW, policyOf } from '../core/facts.ts'
import { grantOf } from '../core/granted.ts'
import { createFolder } from '../process/servers.ts'

const POLICY = `version: 1
blocked: [/shut]
default_audience: [dvara]
permissions:
  - { role: member, verb: ALL, path: /app, action: ACCEPT }
`

async function shadowOf(text: string, changes: Partial<ShadowOptions> = {}) {
  const file = join(await createFolder('shadow'), 'policy.yml')
  await writeFile(file, text)
  const reads: (readonly string[])[] = []
  const compared: string[] = []
  const shadow = createShadow({
    ...{ file, every: 1, isCsrfRequired: true, everyMs: 3_600_000, nowMs: () => NOW },
    ...{ liveRoutes: () => policyOf().routes, findPlace: () => NOWHERE },
    onCompared: (live, other) => compared.push(`${live} ${other}`),
    onRead: (problems) => reads.push(problems),
    ...changes,
  })
  return { shadow, file, reads, compared }
}

const ALLOWED: Answer = grantOf({
  ...{ authorization: 'Bearer a.b.c', user: 'ID0000000001', role: 'member' },
})
const member: Findings = {
  ...createFindings(),
  credential: 'session',
  principal: factsOf().principal,
}

test('what the shadow would say otherwise is counted and shown; nothing else is', async () => {
  const { shadow, compared } = await shadowOf(POLICY)
  shadow.note(ALLOWED, checkOf(), member)
  await shadow.look()
  shadow.note(ALLOWED, checkOf(), member)
  shadow.note(ALLOWED, checkOf({ path: '/trade' }), member)
  shadow.note(deny('authz.invalid_permission'), checkOf(), member)
  shadow.note(deny('authz.untrusted_gateway'), undefined, createFindings())
  assert.deepEqual(compared, [
    'none none',
    'none authz.invalid_permission',
    'authz.invalid_permission none',
  ])
  const report = shadow.report()
  assert.equal(report.compared, 3)
  assert.deepEqual(report.last[1], {
    at: new Date(NOW).toISOString(),
    live: 'none',
    shadow: 'authz.invalid_permission',
    method: 'GET',
    path: '/trade',
    role: 'member',
    uid: 'ID0000000001',
  })
  shadow.close()
})

test('restrictions run in the shadow too', async () => {
  const rows = 'restrictions: [{ category: blacklist, scope: ip, value: 198.51.100.7 }]'
  const { shadow, compared } = await shadowOf(rows)
  await shadow.look()
  shadow.note(ALLOWED, checkOf(), member)
  shadow.note(ALLOWED, checkOf({ address: addressOf('198.51.100.8') }), member)
  assert.deepEqual(compared, ['none authz.restrict.blacklist', 'none none'])
  assert.equal(shadow.report().differences[0]?.to, 'authz.restrict.blacklist')
  shadow.close()
})

test('a broken file is said and the old shadow stays; a corrected one is tried', async () => {
  const { shadow, file, reads } = await shadowOf(POLICY)
  await shadow.look()
  await writeFile(file, 'version: 2')
  await shadow.look()
  await shadow.look()
  assert.deepEqual(
    reads.map(({ length }) => length > 0),
    [false, true],
  )
  assert.equal(shadow.report().isInForce, true)
  assert.ok(shadow.report().problems.length > 0)
  await writeFile(file, POLICY.replace('/app', '/other/app'))
  await shadow.look()
  await shadow.look()
  shadow.note(ALLOWED, checkOf(), member)
  assert.equal(shadow.report().differences[0]?.to, 'authz.invalid_permission')
  assert.deepEqual(shadow.report().problems, [])
  shadow.close()
})

test('a missing file is no shadow, and no harm', async () => {
  const { shadow, reads } = await shadowOf(POLICY, { file: '/nowhere/shadow.yml' })
  await shadow.look()
  shadow.note(ALLOWED, checkOf(), member)
  assert.equal(reads.length, 1)
  assert.equal(shadow.report().isInForce, false)
  shadow.close()
})

test('one in so many is compared, and what is shown is bounded', async () => {
  const { shadow, compared } = await shadowOf(POLICY, { every: 10 })
  await shadow.look()
  for (let at = 0; at < 5000; at++) shadow.note(ALLOWED, checkOf({ path: '/x' }), member)
  assert.equal(compared.length, 500)
  assert.equal(shadow.report().last.length, 100)
  assert.equal(shadow.report().differences[0]?.count, 500)
  shadow.close()
})

test('labels are of two closed sets, whatever was said', () => {
  assert.deepEqual(labelsOfShadow('none', 'none'), ['none', 'same'])
  assert.deepEqual(labelsOfShadow('authz.invalid_session', 'none'), ['other', 'none'])
  assert.deepEqual(labelsOfShadow('none', 'unknown'), ['none', 'unknown'])
  assert.deepEqual(labelsOfShadow('none', 'authz.nonce_used'), ['none', 'other'])
})

test('several workers report as one', () => {
  const report = (count: number, at: string): ShadowReport => ({
    ...{ file: 'f', isInForce: true, problems: [], compared: 10 },
    differences: [{ from: 'none', to: 'unknown', count }],
    last: [
      { at, live: 'none', shadow: 'unknown', method: 'GET', path: '/', role: null, uid: null },
    ],
  })
  const { value } = mergeShadows([
    { status: 200, value: report(2, 'a') },
    { status: 200, value: report(3, 'b') },
    { status: 503, value: {} },
  ])
  const merged = value as ShadowReport
  assert.equal(merged.compared, 20)
  assert.deepEqual(merged.differences, [{ from: 'none', to: 'unknown', count: 5 }])
  assert.deepEqual(
    merged.last.map(({ at }) => at),
    ['b', 'a'],
  )
})
