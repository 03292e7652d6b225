import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainRestrictions } from '../../src/core/explain-restriction.ts'
import {
  compileRestrictions,
  findRestriction,
  type Restriction,
} from '../../src/core/restriction.ts'
import { addressOf, checkOf, policyOf } from './facts.ts'

const row = (fields: Partial<Restriction>): Restriction => ({
  ...{ id: 1, category: 'blacklist', scope: 'ip', value: '198.51.100.7', code: 401 },
  ...{ state: 'enabled', ...fields },
})
const ROWS = [
  row({ id: 3, scope: 'ip_subnet', value: '198.51.100.0/24', code: 403 }),
  row({ id: 4, category: 'whitelist', value: '198.51.100.8' }),
  row({ id: 5, category: 'maintenance', scope: 'country', value: 'JP', code: 471 }),
]

test('it names the restriction that decides, and says what is decided', () => {
  const { restrictions } = compileRestrictions(ROWS)
  const policy = policyOf({ restrictions })
  const japan = { continentCode: 'as', continent: 'asia', countryCode: 'jp', country: 'japan' }
  for (const text of ['198.51.100.7', '198.51.100.8', '203.0.113.1']) {
    for (const findPlace of [() => undefined, () => japan]) {
      const check = checkOf({ address: addressOf(text) })
      const step = explainRestrictions(check, policy, findPlace)
      const found = findRestriction(check, policy, findPlace)
      const denial = found === undefined || found === 'unknown' ? undefined : found.denial
      const expected = found === 'unknown' ? 'authz.unavailable' : (denial?.reason ?? null)
      assert.equal(step.reason, expected)
      const id = found === undefined || found === 'unknown' ? undefined : String(found.row.id)
      assert.equal(step.rows[0]?.id, id)
    }
  }
})
