import type { Case, Step } from './case.ts'
import { ofRole } from './world.ts'

const DENIED = 'authz.invalid_permission'
const MARKETS = '/api/v2/peatio/admin/markets'
const USERS = '/api/v2/barong/admin/users'
const WALLETS = '/api/v2/peatio/admin/wallets'

const denied = (method: string, path: string, topic: string, action: string): Step => ({
  ...{ method, path, expect: DENIED },
  activity: { category: 'admin', result: 'denied', topic, action, reason: DENIED },
})

const succeeded = (method: string, path: string, topic: string, action: string): Step => ({
  ...{ method, path, expect: 'allow' },
  activity: { category: 'admin', result: 'succeed', topic, action, reason: '' },
})

/** A role, what it does, where, and the topic that the path gives. */
const DOINGS = [
  ['accountant', 'DELETE', MARKETS, 'markets', 'delete'],
  ['admin', 'PUT', USERS, 'users', 'update'],
  ['technical', 'POST', WALLETS, 'wallets', 'create'],
] as const

/** What is written down. */
export const AUDITS: readonly Case[] = [
  ...['accountant', 'admin'].map((role, at) => ({
    no: 98 + at,
    name: `${role} without a row: every verb leaves one refusal`,
    world: ofRole(role),
    steps: [
      denied('DELETE', MARKETS, 'markets', 'delete'),
      denied('POST', USERS, 'users', 'create'),
      denied('PUT', USERS, 'users', 'update'),
    ],
  })),
  {
    no: 100,
    name: 'a path that ends at admin has the general topic',
    world: ofRole('admin'),
    steps: [denied('GET', '/api/v2/admin', 'general', 'read')],
  },
  {
    no: 101,
    name: 'PATCH updates, HEAD is the system’s',
    world: ofRole('admin'),
    steps: [denied('PATCH', USERS, 'users', 'update'), denied('HEAD', USERS, 'users', 'system')],
  },
  ...DOINGS.map(([role, method, path, topic, action], at) => ({
    no: 102 + at,
    name: `${role} with an AUDIT row alone: refused, and written down`,
    world: ofRole(role, `${role} ${method} ${path.slice(1)} AUDIT`),
    steps: [denied(method, path, topic, action)],
  })),
  ...DOINGS.map(([role, method, path, _topic, action], at) => ({
    no: 105 + at,
    name: `${role} with ACCEPT and AUDIT: the row’s own topic`,
    world: ofRole(role, `${role} ALL api/v2 ACCEPT`, `${role} ALL ${path.slice(1)} AUDIT own`),
    steps: [succeeded(method, path, 'own', action)],
  })),
  ...DOINGS.map(([role, method, path, topic, action], at) => ({
    no: 108 + at,
    name: `${role} with ACCEPT and AUDIT of no topic: the topic of the path`,
    world: ofRole(role, `${role} ALL api/v2 ACCEPT`, `${role} ALL ${path.slice(1)} AUDIT`),
    steps: [succeeded(method, path, topic, action)],
  })),
  {
    no: 111,
    name: 'a uid in the query is whom it was done to, refused or not',
    world: ofRole('admin', 'admin GET api/v2 ACCEPT', 'admin GET api/v2 AUDIT'),
    steps: [
      {
        ...{ path: `${USERS}?uid=ID0000000002`, expect: 'allow' },
        activity: { targetUid: 'ID0000000002', result: 'succeed', path: USERS },
      },
      {
        ...{ method: 'PUT', path: `${USERS}?user_uid=ID0000000003`, expect: DENIED },
        activity: { targetUid: 'ID0000000003', result: 'denied', path: USERS },
      },
    ],
  },
  {
    no: 112,
    name: 'the parameters as data',
    steps: [],
    differs: 'queries and bodies hold secrets: of them only whom it was done to is written down',
    proofs: [
      [
        'test/process/audit.test.ts',
        'what an AUDIT row watches can be read, with target and decision',
      ],
    ],
  },
  {
    no: 113,
    name: 'a target that nobody is',
    world: ofRole('admin', 'admin ALL api/v2 ACCEPT', 'admin ALL api/v2 AUDIT'),
    steps: [
      {
        ...{ method: 'POST', path: `${USERS}?uid=NOBODY`, expect: 'allow' },
        activity: { targetUid: 'NOBODY', result: 'succeed' },
      },
    ],
    differs: 'Barong drops the whole row where the target is not found, or no User-Agent was sent',
  },
  {
    no: 114,
    name: 'what no row watches leaves nothing, and neither does who is not known',
    steps: [
      { expect: 'allow', activity: null },
      { isGuest: true, expect: 'authz.invalid_session', activity: null },
      { path: '/api/v2/peatio/public/ping', expect: 'anyone', activity: null },
    ],
  },
  {
    no: 115,
    name: 'one row for each request',
    proofs: [
      ['test/process/audit.test.ts', 'a refusal by the rules is written down with who it was'],
      ['test/authorizer/open-audit.test.ts', 'nothing else is: unwatched, unproven, or refused'],
    ],
  },
]
