import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/config/nearest.ts'

const NAMES = ['DVARA_REDIS_URL', 'DVARA_LISTEN', 'DVARA_LEASE_MS']

const CASES: [string, string | undefined, string][] = [
  ['DVARA_REDIS_ULR', 'DVARA_REDIS_URL', 'two letters swapped'],
  ['DVARA_LISTENS', 'DVARA_LISTEN', 'one letter more'],
  ['DVARA_LEASE', 'DVARA_LEASE_MS', 'three letters short'],
  ['DVARA_SOMETHING_ELSE', undefined, 'nothing alike'],
  ['x', undefined, 'too short to mean anything'],
  ['', undefined, 'nothing at all'],
]

for (const [given, meant, about] of CASES) {
  test(`${about}: ${given} means ${meant}`, () => assert.equal(nearest(given, NAMES), meant))
}
