import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRestrict } from '../../src/authorizer/restrict.ts'
import { createFindings } from '../../src/core/findings.ts'
import { compileRestrictions, type Restriction } from '../../src/core/restriction.ts'
import { addressOf, checkOf, policyOf } from '../core/facts.ts'

const ROW: Restriction = {
  ...{ id: 7, category: 'blacklist', scope: 'ip', value: '1.2.3.4', code: 403, state: 'enabled' },
}
const COUNTRY: Restriction = { ...ROW, id: 8, scope: 'country', value: 'JP' }

function world(rows: readonly Restriction[] = []) {
  const state = { isStale: false, isAway: false, asked: 0, ms: 1000 }
  const restrict = createRestrict({
    policies: {
      areRestrictionsStale: () => state.isStale,
      async refresh() {
        state.asked++
        if (!state.isAway) state.isStale = false
        return !state.isStale
      },
    },
    findPlace: () => undefined,
    monotonicMs: () => state.ms,
  })
  const policy = policyOf({ restrictions: compileRestrictions(rows).restrictions })
  const found = createFindings()
  const screen = (ip: string) =>
    restrict.screen(checkOf({ address: addressOf(ip) }), found, policy)?.reason
  return { state, restrict, found, screen }
}

test('a refusal names the row for those who look later', () => {
  const { found, screen } = world([ROW])
  assert.equal(screen('9.9.9.9'), undefined)
  assert.equal(found.restriction, undefined)
  assert.equal(screen('1.2.3.4'), 'authz.restrict.blacklist')
  assert.equal(found.restriction, ROW)
})

test('a whitelist that let pass is named too', () => {
  const { found, screen } = world([{ ...ROW, category: 'whitelist' }])
  assert.equal(screen('1.2.3.4'), undefined)
  assert.equal(found.restriction?.id, 7)
})

test('who cannot be placed is refused as unavailable', () => {
  const { found, screen } = world([COUNTRY])
  assert.equal(screen('9.9.9.9'), 'authz.unavailable')
  assert.equal(found.about, 'unknown_place')
})

test('changed restrictions are waited for', async () => {
  const { state, restrict, found } = world()
  state.isStale = true
  assert.equal(await restrict.refresh(found), undefined)
  assert.equal(state.asked, 1)
})

test('while they cannot be loaded all is refused, and the store asked seldom', async () => {
  const { state, restrict, found } = world()
  Object.assign(state, { isStale: true, isAway: true })
  for (let at = 0; at < 5; at++) {
    assert.equal((await restrict.refresh(found))?.reason, 'authz.unavailable')
  }
  assert.equal(state.asked, 1)
  assert.equal(found.about, 'stale_restrictions')
  Object.assign(state, { isAway: false, ms: state.ms + 50 })
  assert.equal(await restrict.refresh(found), undefined)
  assert.equal(state.asked, 2)
})
