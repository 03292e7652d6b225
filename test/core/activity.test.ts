import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ACTIVITY_TEXT_MAX,
  activityAction,
  activityTarget,
  activityText,
  activityTopic,
} from '../../src/core/activity.ts'

describe('what an activity says', () => {
  for (const [method, action] of [
    ['POST', 'create'],
    ['PUT', 'update'],
    ['PATCH', 'update'],
    ['GET', 'read'],
    ['DELETE', 'delete'],
    ['HEAD', 'system'],
    ['PROPFIND', 'system'],
  ] as const) {
    test(`${method} is ${action}`, () => assert.equal(activityAction(method), action))
  }

  for (const [path, ofRow, topic] of [
    ['/api/v2/admin/users/role', null, 'users'],
    ['/api/v2/admin/users/role', 'people', 'people'],
    ['/api/v2/barong/admin/users', '', 'users'],
    ['/api/v2/admin', null, 'general'],
    ['/api/v2/account', null, 'general'],
  ] as const) {
    test(`${path} with the row's topic ${ofRow} is about ${topic}`, () => {
      assert.equal(activityTopic(path, ofRow), topic)
    })
  }

  for (const [query, target] of [
    ['uid=ID123', 'ID123'],
    ['page=1&user_uid=ID9&uid=ID8', 'ID9'],
    ['uid=ID%31', ''],
    ['guid=ID1', ''],
    ['', ''],
  ] as const) {
    test(`the query ${query || '(none)'} is about ${target || 'nobody we can name'}`, () => {
      assert.equal(activityTarget(query), target)
    })
  }

  test('a text is cut and holds no control characters', () => {
    assert.equal(activityText('a\u0000b\u001b[31m\nc\u0085'), 'ab[31mc')
    assert.equal(activityText('x'.repeat(2 * ACTIVITY_TEXT_MAX)).length, ACTIVITY_TEXT_MAX)
  })
})
