import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSafeMethod } from '../../src/core/check.ts'

test('GET, HEAD and OPTIONS change nothing; every other method may', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.ok(isSafeMethod(method))
  for (const method of ['POST', 'TRACE', 'PROPFIND', 'get', '']) assert.ok(!isSafeMethod(method))
})
