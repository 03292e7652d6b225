import { type Address, parseAddress } from '../../src/core/address.ts'
import type { Check } from '../../src/core/check.ts'
import type { Policy } from '../../src/core/policy.ts'
import type { Facts, Principal, Session } from '../../src/core/principal.ts'
import { NO_RESTRICTIONS } from '../../src/core/restriction.ts'
import { compileRoutes, type RouteTable } from '../../src/core/route.ts'
import { compileRules, type Permission } from '../../src/core/rule.ts'

export const NOW = 1_700_000_000_000
export const AGENT = 'Mozilla/5.0 (test)'
export const CSRF = 'c0ffee00c0ffee00c0ff'

export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`not an address: ${text}`)
  return address
}

export function checkOf(fields: Partial<Check> = {}): Check {
  const path = fields.path ?? '/app'
  return {
    dialect: 'nginx',
    method: 'GET',
    path,
    foldedPath: path.toLowerCase(),
    query: '',
    host: 'app.example',
    address: addressOf('198.51.100.7'),
    userAgent: AGENT,
    cookies: '',
    csrfToken: undefined,
    apiKey: undefined,
    ...fields,
  }
}

export function factsOf(
  fields: { session?: Partial<Session>; principal?: Partial<Principal>; idleAtMs?: number } = {},
): Facts {
  return {
    session: {
      hash: 'h'.repeat(43),
      uid: 'ID0000000001',
      csrfToken: CSRF,
      userAgent: AGENT,
      address: addressOf('198.51.100.9'),
      createdAtMs: NOW - 1000,
      endsAtMs: NOW + 86_400_000,
      generation: 0,
      ...fields.session,
    },
    principal: {
      uid: 'ID0000000001',
      kind: 'user',
      username: 'someone',
      email: 'someone@app.example',
      role: 'member',
      level: 1,
      state: 'active',
      referralId: null,
      otp: false,
      version: 1,
      ...fields.principal,
    },
    idleAtMs: fields.idleAtMs ?? NOW + 1_800_000,
  }
}

const ROUTES: RouteTable = {
  version: 1,
  public: ['/public'],
  blocked: ['/management', '/public/internal'],
  preflight: ['/app'],
  audiences: [{ prefix: '/app/trade', audience: ['trade'] }],
  defaultAudience: ['dvara'],
  limits: [],
  unrestricted: ['/api/v2/identity/users/access'],
  login: ['/api/v2/identity/sessions'],
}

export const PERMISSIONS: readonly Permission[] = [
  { id: 1, role: 'member', verb: 'ALL', path: '/app', action: 'ACCEPT', topic: null },
  { id: 2, role: 'member', verb: 'ALL', path: '/app/admin', action: 'DROP', topic: null },
]

export function policyOf(fields: Partial<Policy> = {}): Policy {
  return {
    version: 1,
    routes: compileRoutes(ROUTES),
    rules: compileRules(PERMISSIONS).rules,
    restrictions: NO_RESTRICTIONS,
    cookieName: 'dvara_session',
    isCsrfRequired: true,
    binding: 'strict',
    ...fields,
  }
}
