import { activityOf, watchedTopic } from '../../../src/authorizer/audit.ts'
import { createAuthorize } from '../../../src/authorizer/authorize.ts'
import { createEntry, createGrants, type Entry } from '../../../src/authorizer/grants.ts'
import { createKeyMemory } from '../../../src/authorizer/key-memory.ts'
import { createMint } from '../../../src/authorizer/mint.ts'
import { createToucher } from '../../../src/authorizer/touch.ts'
import { createFlights } from '../../../src/cache/flight.ts'
import { createLease } from '../../../src/cache/lease.ts'
import { nameOf } from '../../../src/cache/ring.ts'
import { createTable } from '../../../src/cache/table.ts'
import type { Activity } from '../../../src/core/activity.ts'
import type { KeyAlgorithm, KeyFacts } from '../../../src/core/api-key.ts'
import type { Check } from '../../../src/core/check.ts'
import { createFindings } from '../../../src/core/findings.ts'
import { NOWHERE, type Place } from '../../../src/core/place.ts'
import type { Binding, Policy } from '../../../src/core/policy.ts'
import type { Facts, Principal } from '../../../src/core/principal.ts'
import { compileRestrictions, type Restriction } from '../../../src/core/restriction.ts'
import { compileRoutes, readRouteTable } from '../../../src/core/route.ts'
import { compileRules, type Permission } from '../../../src/core/rule.ts'
import type { Answer } from '../../../src/core/verdict.ts'
import { sha256Base64url } from '../../../src/crypto/digest.ts'
import { openCrypto } from '../../../src/crypto/engine.ts'
import { apiKeyRow, parseSecretsKey, sealSecret } from '../../../src/crypto/envelope.ts'
import type { VerifyingEngine } from '../../../src/crypto/request-verifier.ts'
import { isRefused, readCheck } from '../../../src/gateway/dialect.ts'
import { DIALECTS } from '../../../src/gateway/endpoint.ts'
import { createKeyWorld } from '../../authorizer/keys.ts'
import { NO_LIMITS } from '../../authorizer/world.ts'
import { address } from '../../gateway/asked.ts'
import { SPELLINGS } from '../../gateway/spellings.ts'
import type { KeyRow, Login, World } from '../../reference/world.ts'
import type { Question } from './case.ts'

/** One for all worlds, emptied for each: its room is larger than a world. */
const KEY_MEMORY = createKeyMemory({ keysMax: 10, unknownMax: 10, monotonicMs: () => 0 })

/** Every world has the same few secrets: none is prepared twice, and none forgotten. */
const CRYPTO: VerifyingEngine = (() => {
  const { hmacKeys, publicKeys } = openCrypto('wasm', rethrow)
  const prepared = new Map<string, ReturnType<typeof hmacKeys.prepare>>()
  return {
    publicKeys,
    hmacKeys: {
      prepare(key) {
        const name = Buffer.from(key).toString('latin1')
        const mac = prepared.get(name) ?? hmacKeys.prepare(key)
        prepared.set(name, mac)
        return { verifyHex: mac.verifyHex, forget: () => {} }
      },
    },
  }
})()

/** Stands for a signature: what is signed is looked at instead. */
const SIGNED = Promise.resolve(Buffer.from('Bearer'))

/** The real thing, from the head that a gateway sends to the grant; only its stores are memory. */
export interface Corridor {
  ask(question: Question): Answer | Promise<Answer>
  /** The JSON that was signed for the last grant. */
  claims(): string
  /** What the last answer leaves behind, if this is it. */
  activity(answer: Answer): Activity | undefined
  /** No timer of it is left. */
  close(): void
}

export function createCorridor(world: World): Corridor {
  const policy = policyOf(world)
  const stored = new Map(world.sessions.map((login) => [login.id, factsOf(world, login)]))
  const byHash = new Map([...stored.values()].map((facts) => [facts.session.hash, facts]))
  const places = new Map<string, Place>(
    world.places.map(({ address: text, ...place }) => [address(text).text, place]),
  )
  const clock = { ms: 0, monotonicMs: 0 }
  const lease = createLease(1)
  lease.grant(0)
  const table = createTable<Entry>({
    entriesMax: 3,
    ageMsMax: 1,
    tagsOf: ({ session }) => [nameOf('session', session.hash)],
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
    // Loads flush by themselves.
    clock: { setTimer: () => () => {} },
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
      const entry = createEntry(id, { ...facts }, clock.ms)
      table.remember(entry)
      return { value: entry }
    },
  })
  KEY_MEMORY.known.forgetAll()
  KEY_MEMORY.unknown.forgetAll()
  const keys = createKeyWorld({
    ...{ clock, crypto: CRYPTO, isV1Once: world.isV1Once, memory: KEY_MEMORY },
  })
  keys.stored.clear()
  for (const row of world.keys) keys.stored.set(row.kid, keyFactsOf(world, row))
  const last = {
    check: undefined as Check | undefined,
    found: createFindings(),
    claims: '',
  }
  const authorize = createAuthorize({
    keys: keys.dependencies,
    policies: {
      current: () => policy,
      isStale: () => false,
      areRestrictionsStale: () => false,
      refresh: async () => true,
    },
    findPlace: (at) => (world.isPlaceKnown ? (places.get(at.text) ?? NOWHERE) : undefined),
    table,
    flights,
    lease,
    beat: async () => true,
    makeGrant: createGrants({
      mint: createMint({
        signer: {
          signSoon({ shared, own }) {
            last.claims = shared + own
            return SIGNED
          },
        },
        issuer: world.issuer,
        lifetimeMs: world.tokenTtlMs,
        isForEach: true,
      }),
      kid: () => '1',
      isSlow: () => false,
      lifetimeMs: world.tokenTtlMs,
      // Each token is as young as its question.
      isMemoized: false,
      onGrant: () => {},
    }),
    toucher,
    limits: NO_LIMITS,
    nowMs: () => clock.ms,
    monotonicMs: () => 0,
    setTimer: () => () => {},
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
      last.claims = ''
      last.check = isRefused(read) ? undefined : read
      if (isRefused(read)) return read.denial
      last.found = createFindings()
      return authorize(read, last.found)
    },
    claims: () => last.claims,
    activity(answer) {
      const { check, found } = last
      if (check === undefined || found.principal === undefined) return undefined
      const topic = watchedTopic(policy, check, found, answer)
      if (topic === undefined) return undefined
      const reason = answer.kind === 'deny' ? answer.reason : undefined
      const more = { id: '1', decisionId: '1', atMs: clock.ms, country: '' }
      return activityOf(check, found.principal, { ...more, topic, reason })
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
    restrictions: compileRestrictions(world.restrictions as readonly Restriction[]).restrictions,
    cookieName: world.cookieName,
    isCsrfRequired: world.isCsrfRequired,
    binding: world.binding as Binding,
  }
}

function factsOf(world: World, login: Login): Facts {
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
    principal: principalOf(world, login.uid),
    idleAtMs: login.idleAtMs,
  }
}

function principalOf(world: World, uid: string): Principal {
  const person = world.principals.find((each) => each.uid === uid)
  if (person === undefined) throw new Error(`${uid} is nobody`)
  const kind = person.kind === 'service' ? 'service' : 'user'
  return { ...person, kind, version: 1 }
}

const SECRETS_KEY = parseSecretsKey('5e'.repeat(32))

function keyFactsOf(world: World, row: KeyRow): KeyFacts {
  const { material, expiresAtMs, ...rest } = row
  const algorithm = row.algorithm as KeyAlgorithm
  const key = { ...rest, algorithm, rate: undefined, version: 1 }
  const sealed =
    algorithm === 'HS256'
      ? sealSecret(SECRETS_KEY, Buffer.from(material), apiKeyRow({ ...row, algorithm }))
      : Buffer.from(material, 'base64')
  return {
    key: { ...key, material: sealed, expiresAtMs: expiresAtMs ?? undefined },
    principal: principalOf(world, row.uid),
  }
}

function rethrow(cause: unknown): never {
  throw cause
}
