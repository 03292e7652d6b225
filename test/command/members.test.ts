import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import type { MembersReport } from '../../src/command/members-report.ts'
import { callRedis } from '../chaos/redis-hand.ts'
import { MAIN, type SignedIn, type Stack, startStack } from '../process/stack.ts'
import { eventually } from '../store/worlds.ts'

const LEASE_MS = 400

let stack: Stack
let member: SignedIn & { readonly uid: string }

before(async () => {
  const times = { DVARA_LEASE_MS: String(LEASE_MS), DVARA_HEARTBEAT_MS: '50' }
  stack = await startStack({ settings: { ...times, DVARA_WORKERS: '2' } })
  member = await stack.addMember('member')
})

after(() => stack.stop())

function hostOf(url: string): string {
  return new URL(url).host
}

function members(
  argv: readonly string[],
  redisUrl?: string,
): Promise<{ code: number; out: string; err: string }> {
  const env = {
    ...process.env,
    DVARA_LEASE_MS: String(LEASE_MS),
    ...(redisUrl === undefined ? {} : { DVARA_REDIS_URL: redisUrl }),
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'members', ...argv], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err })
    })
  })
}

const everywhere = () => `${hostOf(stack.opsUrl)},${hostOf(stack.identityOpsUrl)}`

test('members, leases and acknowledgements are shown for people', async () => {
  const out = await stack.call('DELETE', '/api/v2/identity/sessions', {
    cookie: member.cookie,
    headers: { 'X-CSRF-Token': member.csrfToken },
  })
  assert.equal(out.status, 200, out.body)
  assert.match(String(out.headers['x-in-force']), /members=2\/2/)
  const { code, out: text, err } = await members(['--ops', everywhere()], stack.redis.url)
  assert.equal(code, 0, text + err)
  assert.match(text, /^Epoch 1\.[0-9a-f]{40}, head of the log \d+$/m)
  assert.match(text, /^MEMBER +LISTED SINCE +HEARTBEAT +APPLIED$/m)
  const rows = text.match(/^[\w-]{16} +\d{4}-\d\d-\d\dT[\d:.]+Z +\d+ ms ago +\d+/gm)
  assert.equal(rows?.length, 2, text)
  assert.match(text, /^127\.0\.0\.1:\d+ +2 +\d+ ms +\d+ +\d+ +\d+ +\d+ +2$/m)
  assert.match(text, /^Acknowledged (fast|slow): [1-9]\d*, p50 ≤ [\d.]+ ms, p99 ≤ [\d.]+ ms$/m)
})

test('the same as JSON', async () => {
  const { code, out } = await members(['--json', '--ops', everywhere()], stack.redis.url)
  assert.equal(code, 0, out)
  const { list, listeners, acknowledged, amiss } = JSON.parse(out) as MembersReport
  assert.deepEqual(amiss, [])
  assert.equal(list?.members.length, 2)
  for (const one of list?.members ?? []) {
    assert.ok((one.beatAgeMs ?? Number.NaN) <= LEASE_MS)
    assert.ok(Math.abs(Date.now() - Date.parse(one.since ?? '')) < 600_000)
    assert.ok(one.behind >= 0 && one.appliedSeq + one.behind === list?.headSeq)
  }
  assert.deepEqual(
    listeners.map((one) => one.process),
    ['authorizer', 'identity'],
  )
  const [authorizer, identity] = listeners
  assert.equal(authorizer?.workers, 2)
  assert.ok((authorizer?.leaseRemainingMs ?? 0) > 0)
  assert.equal(authorizer?.epochChanges, 2)
  assert.equal(identity?.leaseRemainingMs, null)
  assert.ok(acknowledged.fast.count + acknowledged.slow.count > 0)
})

test('a listener that does not answer is amiss, and what to do is said', async () => {
  const { code, out } = await members(['--ops', '127.0.0.1:1'], stack.redis.url)
  assert.equal(code, 1)
  assert.match(
    out,
    /^Amiss:\n {2}no ops listener answers on 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\): /m,
  )
  assert.match(out, /--ops names the listeners/)
})

test('without Redis the listeners tell what they know', async () => {
  const { code, out } = await members(['--json', '--ops', hostOf(stack.opsUrl)])
  assert.equal(code, 0, out)
  const { list, listeners } = JSON.parse(out) as MembersReport
  assert.equal(list, null)
  assert.equal(listeners.length, 1)
})

test('nobody who answers is exit code 3, and a wrong address 2', async () => {
  const silent = await members(['--ops', '127.0.0.1:1'], 'redis://127.0.0.1:1')
  assert.equal(silent.code, 3, silent.out)
  assert.match(silent.out, /Redis: store_unavailable.*does DVARA_REDIS_URL lead to it\?/)
  const wrong = await members(['--ops', 'everywhere'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /^dvara: --ops takes 1 to 64 addresses between commas, each host:port/)
})

test('a member that has not beaten for a lease is named, with what to do', async () => {
  const port = Number(new URL(stack.redis.url).port)
  let beat = 1_000_000
  // Another number each time, or it would be taken off before it is seen.
  const timer = setInterval(() => {
    const mark = [1, ++beat, Date.now() - 9_000, Date.now() - 8_000].join(',')
    void callRedis(port, 'HSET', '{dv}m', 'standing-still', mark).catch(() => undefined)
  }, 50)
  try {
    const { code, out } = await members(['--ops', everywhere()], stack.redis.url)
    assert.equal(code, 1)
    assert.match(out, /^ {2}standing-still has not beaten for \d{4,} ms, longer than a lease: /m)
  } finally {
    clearInterval(timer)
  }
  await eventually(async () => assert.equal((await listed())?.members.length, 2))
})

async function listed() {
  const { out } = await members(['--json', '--ops', everywhere()], stack.redis.url)
  return (JSON.parse(out) as MembersReport).list
}
