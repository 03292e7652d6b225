import type { Activity } from '../../src/core/activity.ts'
import { unique } from './worlds.ts'

/** An activity that no other test wrote. */
export function activity(change: Partial<Activity> = {}): Activity {
  return {
    id: unique('activity-'),
    atMs: 1_700_000_000_123,
    category: 'admin',
    uid: 'ID0000000001',
    kind: 'user',
    targetUid: '',
    address: '203.0.113.7',
    country: '',
    userAgent: 'Mozilla/5.0 (ünïcode)',
    topic: 'users',
    action: 'update',
    result: 'succeed',
    reason: '',
    decisionId: '',
    method: 'PUT',
    path: '/api/v2/admin/users',
    ...change,
  }
}
