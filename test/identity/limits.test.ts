import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from '../../src/core/address.ts'
import { parseAddress } from '../../src/core/address.ts'
import { createLimits, LIMITS } from '../../src/identity/limits.ts'

const at = (text: string) => parseAddress(text) as Address
const HOME = at('192.0.2.1')
const OWNER = 'john@example.com'
const stranger = (count: number) => at(`198.51.100.${count}`)
const { loginsPerAccountMax, loginsPerNetworkMax, mailsPerAccountMax } = LIMITS

test('an account admits so many failed logins, from everywhere together', async () => {
  const limits = createLimits(LIMITS)
  for (let count = 0; count < loginsPerAccountMax; count++) {
    assert.equal(await limits.admitLogin(OWNER, stranger(count)), 0)
  }
  const waitS = await limits.admitLogin(OWNER, stranger(99))
  assert.ok(waitS >= 1 && waitS <= LIMITS.loginWindowMs / 1000)
})
test('a network admits so many failed logins, over all accounts', async () => {
  const limits = createLimits(LIMITS)
  for (let count = 0; count < loginsPerNetworkMax; count++) {
    assert.equal(await limits.admitLogin(`u${count}@example.com`, HOME), 0)
  }
  assert.ok((await limits.admitLogin('other@example.com', HOME)) > 0)
  assert.equal(await limits.admitLogin('other@example.com', stranger(1)), 0)
})
test('addresses of one IPv6 /64 are one network', async () => {
  const limits = createLimits(LIMITS)
  for (let count = 0; count < loginsPerNetworkMax; count++) {
    await limits.admitLogin(`u${count}@example.com`, at(`2001:db8::${count + 1}`))
  }
  assert.ok((await limits.admitLogin('x@example.com', at('2001:db8::ffff'))) > 0)
  assert.equal(await limits.admitLogin('x@example.com', at('2001:db8:0:1::1')), 0)
})
test('a login that succeeds does not count', async () => {
  const limits = createLimits(LIMITS)
  for (let count = 0; count < loginsPerNetworkMax * 2; count++) {
    assert.equal(await limits.admitLogin(OWNER, HOME), 0)
    await limits.recordLogin(OWNER, HOME)
  }
})
test('strangers who use up an account do not lock its owner out', async () => {
  const limits = createLimits(LIMITS)
  await limits.admitLogin(OWNER, HOME)
  await limits.recordLogin(OWNER, HOME)
  for (let count = 0; count <= loginsPerAccountMax; count++) {
    await limits.admitLogin(OWNER, stranger(count))
  }
  assert.ok((await limits.admitLogin(OWNER, stranger(50))) > 0)
  assert.equal(await limits.admitLogin(OWNER, HOME), 0)
})
test('a known network is no way around the limit', async () => {
  const limits = createLimits(LIMITS)
  await limits.admitLogin(OWNER, HOME)
  await limits.recordLogin(OWNER, HOME)
  for (let count = 0; count < loginsPerAccountMax; count++) {
    assert.equal(await limits.admitLogin(OWNER, HOME), 0)
  }
  assert.ok((await limits.admitLogin(OWNER, HOME)) > 0)
})
test('an address gets so many mails, whoever asks', async () => {
  const limits = createLimits(LIMITS)
  for (let count = 0; count < mailsPerAccountMax; count++) {
    assert.equal(await limits.admitMail(OWNER, stranger(count)), 0)
  }
  assert.ok((await limits.admitMail(OWNER, stranger(99))) > 0)
})
test('a network asks for so much work, mails included', async () => {
  const limits = createLimits({ ...LIMITS, mailsPerNetworkMax: 2 })
  assert.equal(await limits.admitWork(HOME), 0)
  assert.equal(await limits.admitMail(OWNER, HOME), 0)
  assert.ok((await limits.admitWork(HOME)) > 0)
  assert.equal(await limits.admitWork(stranger(1)), 0)
})
test('mails do not count as logins', async () => {
  const limits = createLimits({ ...LIMITS, mailsPerAccountMax: 1 })
  assert.equal(await limits.admitMail(OWNER, HOME), 0)
  assert.ok((await limits.admitMail(OWNER, HOME)) > 0)
  assert.equal(await limits.admitLogin(OWNER, HOME), 0)
})
test('codes have so many tries by account; a known network has its own', async () => {
  const limits = createLimits({ ...LIMITS, codesPerAccountMax: 2 })
  await limits.recordLogin(OWNER, HOME)
  for (let count = 0; count < 2; count++) {
    assert.equal(await limits.admitCode(OWNER, stranger(count)), 0)
  }
  const waitS = await limits.admitCode(OWNER, stranger(9))
  assert.ok(waitS >= 1 && waitS <= LIMITS.codeWindowMs / 1000)
  for (let count = 0; count < 5; count++) {
    assert.equal(await limits.admitCode(OWNER, HOME), 0)
    await limits.recordCode(OWNER, HOME)
  }
  assert.equal(await limits.admitCode(OWNER, HOME), 0)
  assert.equal(await limits.admitCode(OWNER, HOME), 0)
  assert.ok((await limits.admitCode(OWNER, HOME)) > 0)
})
