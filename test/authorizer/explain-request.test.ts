import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readExplainQuestion } from '../../src/authorizer/explain-request.ts'

test('a path alone is a GET by nobody; the rest may be said', () => {
  assert.deepEqual(readExplainQuestion({ path: '/x' }), {
    id: undefined,
    request: {
      ...{ method: 'GET', path: '/x', host: '', address: undefined, userAgent: undefined },
      ...{ csrfToken: undefined, as: { kind: 'none' }, version: 2, headers: [] },
      ...{ gateway: undefined, dialect: undefined },
    },
  })
  const whole = {
    ...{ method: 'POST', path: '/x?y', host: 'a.example', address: '::1', userAgent: 'x' },
    ...{ csrf: 'none', as: { kid: 'k' }, version: 1, headers: ['X-Dvara-User'] },
    ...{ gateway: '127.0.0.1', dialect: 'envoy' },
  }
  assert.deepEqual(readExplainQuestion(whole), {
    id: undefined,
    request: {
      ...{ method: 'POST', path: '/x?y', host: 'a.example', address: '::1', userAgent: 'x' },
      ...{ csrfToken: null, as: { kind: 'kid', kid: 'k' }, version: 1 },
      ...{ headers: ['X-Dvara-User'], gateway: '127.0.0.1', dialect: 'envoy' },
    },
  })
})

test('a decision is asked about by its id', () => {
  const asked = { id: 'x', dialect: 'nginx' }
  assert.deepEqual(readExplainQuestion(asked), asked)
  assert.deepEqual(readExplainQuestion({ id: 'x' }), { id: 'x', dialect: undefined })
})

const WRONG: [name: string, body: unknown, problem: RegExp][] = [
  ['no object', [], /send an object/],
  ['no path', {}, /path is missing/],
  ['a path that is no text', { path: 7 }, /path is a text/],
  ['a strange key', { path: '/', colour: 1 }, /colour is not one of/],
  ['two identities', { path: '/', as: { uid: 'a', kid: 'b' } }, /one of uid, kid, cookie/],
  ['an empty identity', { path: '/', as: { uid: '' } }, /one of uid, kid, cookie/],
  ['an address that is none', { path: '/', address: 'here' }, /address is an IP address/],
  ['a dialect that nobody speaks', { path: '/', dialect: 'iis' }, /dialect is one of/],
  ['headers with values', { path: '/', headers: ['A: b'] }, /list of names/],
  ['a version that is none', { path: '/', version: 3 }, /version is 1 or 2/],
  ['an id and more', { id: 'x', path: '/' }, /beside id/],
]
for (const [name, body, problem] of WRONG) {
  test(`${name} is a problem`, () => {
    const read = readExplainQuestion(body)
    assert.match('problems' in read ? read.problems.join() : '', problem)
  })
}

test('a value is never said back: it may be a cookie', () => {
  const body = { path: 7, as: { cookie: 's3cr3t', uid: 's3cr3t' }, 's3cr3t s3cr3t': 1 }
  assert.doesNotMatch(JSON.stringify(readExplainQuestion(body)), /s3cr3t/)
})
