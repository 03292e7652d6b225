import { createAuthorize } from '../../../src/authorizer/authorize.ts'
import { buildClaims } from '../../../src/authorizer/claims.ts'
import { createEntry, type Entry } from '../../../src/authorizer/grants.ts'
import { createToucher } from '../../../src/authorizer/touch.ts'
import { createFlights } from '../../../src/cache/flight.ts'
import { createLease } from '../../../src/cache/lease.ts'
import { nameOf } from '../../../src/cache/ring.ts'
import { createTable } from '../../../src/cache/table.ts'
import type { Binding, Policy } from '../../../src/core/policy.ts'
import type { Facts } from '../../../src/core/principal.ts'
import { NO_RESTRICTIONS } from '../../../src/core/restriction.ts'
import { compileRoutes, readRouteTable } from '../../../src/core/route.ts'
import { compileRules, type Permission } from '../../../src/core/rule.ts'
import type { Answer } from '../../../src/core/verdict.ts'
import { sha256Base64url } from '../../../src/crypto/digest.ts'
import { readCheck } from '../../../src/gateway/dialect.ts'
import { DIALECTS } from '../../../src/gateway/endpoint.ts'
import { createKeyWorld } from '../../authorizer/keys.ts'
import { NO_LIMITS } from '../../authorizer/world.ts'
import { address } from '../../gateway/asked.ts'
import { SPELLINGS } from '../../gateway/spellings.ts'
import type { Login, World } from '../../reference/world.ts'
import type { Question } from './case.ts'

/** The real thing, from the head that a gateway sends to the grant; only its stores are memory. */
export interface Corridor {
  ask(question: Question): Answer | Promise<Answer>
  /** No timer of it is left. */
  close(): void
}

export function createCorridor(world: World): Corridor {
  const policy = policyOf(world)
  const stored = new Map(world.sessions.map((login) => [login.id, factsOf(world, login)]))
  const byHash = new Map([...stored.values()].map((facts) => [facts.session.hash, facts]))
  const clock = { ms: 0 }
  const lease = createLease(1)
  lease.grant(0)
  const table = createTable<Entry>({
    entriesMax: 3,
    ageMsMax: 1,
    tagsOf: ({ facts }) => [nameOf('session', facts.session.hash)],
    monotonicMs: () => 0,
  })
  const toucher = createToucher({
    facts: {
      async touch(batch) {
        for (const { hash, idleAtMs } of batch) {
          const facts = byHash.get(hash)
          if (facts !== undefined) facts.idleAtMs = Math.max(facts.idleAtMs, idleAtMs)
        }
      },
    },
    idleMs: world.idleMs,
    everyMs: 0,
    flushEveryMs: 60_000,
    onFault: rethrow,
  })
  const flights = createFlights<Facts | undefined, Entry | undefined>({
    async load(id) {
      // Whoever reads the store here finds what was used before, as if it had been sent at once.
      await toucher.flush()
      return stored.get(id)
    },
    land(id, facts) {
      if (facts === undefined) return { value: undefined }
      const entry = createEntry({ ...facts }, clock.ms)
      table.remember(id, entry)
      return { value: entry }
    },
  })
  const keys = createKeyWorld({ clock: { ms: 0, monotonicMs: 0 } })
  // No key exists in these worlds.
  keys.stored.clear()
  const authorize = createAuthorize({
    keys: keys.dependencies,
    policies: {
      current: () => policy,
      isStale: () => false,
      areRestrictionsStale: () => false,
      refresh: async () => true,
    },
    findPlace: () => undefined,
    table,
    flights,
    lease,
    beat: async () => true,
    makeGrant({ facts: { principal, session } }, audience, nowMs) {
      const { issuer, tokenTtlMs: ttlMs } = world
      const claims = buildClaims({ principal, session, audience, issuer, nowMs, ttlMs, jti: 'j' })
      const { uid: user, role } = principal
      return { kind: 'allow', authorization: JSON.stringify(claims), user, role }
    },
    toucher,
    limits: NO_LIMITS,
    nowMs: () => clock.ms,
    monotonicMs: () => 0,
    onFault: rethrow,
    onRecall: () => {},
    // What is unknown hears the same whether it was sealed once or never.
    isSealed: (cookie) => stored.has(cookie) || cookie.charCodeAt(0) % 2 === 0,
    onForged: () => {},
  })

  return {
    ask(question) {
      clock.ms = question.atMs
      const read = readCheck(
        DIALECTS[question.dialect],
        SPELLINGS[question.dialect](question, question.lines),
      )
      return read.kind === 'refused' ? read.denial : authorize(read.check)
    },
    close: () => void toucher.drain(),
  }
}

function policyOf(world: World): Policy {
  const { audiences, defaultAudience, ...lists } = world.routes
  const reading = readRouteTable({
    ...lists,
    version: 1,
    audiences,
    default_audience: defaultAudience,
  })
  if ('problems' in reading) throw new Error(reading.problems.join('\n'))
  return {
    version: 1,
    routes: compileRoutes(reading.table),
    rules: compileRules(world.permissions as readonly Permission[]).rules,
    restrictions: NO_RESTRICTIONS,
    cookieName: world.cookieName,
    isCsrfRequired: world.isCsrfRequired,
    binding: world.binding as Binding,
  }
}

function factsOf(world: World, login: Login): Facts {
  const person = world.principals.find(({ uid }) => uid === login.uid)
  if (person === undefined) throw new Error(`${login.uid} is nobody`)
  const kind = person.kind === 'service' ? 'service' : 'user'
  return {
    session: {
      hash: sha256Base64url(login.id),
      uid: login.uid,
      csrfToken: login.csrfToken,
      userAgent: login.userAgent,
      address: address(login.address),
      createdAtMs: 0,
      endsAtMs: login.endsAtMs,
      generation: 0,
    },
    principal: { ...person, kind, version: 1 },
    idleAtMs: login.idleAtMs,
  }
}

function rethrow(cause: unknown): never {
  throw cause
}
