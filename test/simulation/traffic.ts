import type { Check } from '../../src/core/check.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Answer } from '../../src/core/verdict.ts'
import { checkOf } from '../core/facts.ts'
import type { Authorizer } from './authorizer.ts'
import { COOKIE_NAME } from './authorizer.ts'
import { type Area, IDLE_MS, type Key, type Login, sessionOf, WALL_MS } from './cast.ts'
import type { Subject } from './checks.ts'
import type { Identity } from './identity.ts'
import type { FaultKind } from './plan.ts'
import type { World } from './world.ts'

const REVOKED_FROM_MS = 300
/** Who signs in, or loses a key, while the word about more than that is still on its way. */
const DYING_CHANCE = 0.3
/** After an acknowledgement each authorizer is asked so often, so soon. */
const PROBES_COUNT = 3
const PROBES_WITHIN_MS = 80

/** Plans the requests, sign-ins and revocations of the whole history. */
export function planTraffic(world: World): void {
  const { schedule, random, plan } = world
  every(world, plan.askEveryMs, () => askAnybody(world))
  every(world, plan.signInEveryMs, () => signIn(world))
  every(world, plan.revokeEveryMs, () => {
    if (schedule.nowMs() > REVOKED_FROM_MS) random.pick(REVOCATIONS)(world)
  })
}

function every({ schedule, random, plan }: World, aboutMs: number, call: () => void): void {
  schedule.plan(schedule.nowMs() - Math.log(1 - random.next()) * aboutMs, function go() {
    call()
    const nextMs = schedule.nowMs() - Math.log(1 - random.next()) * aboutMs
    if (nextMs < plan.endMs) schedule.plan(nextMs, go)
  })
}

type Credential = { readonly login: Login } | { readonly key: Key }

function askAnybody(world: World): void {
  const { authorizers, cast, random } = world
  const authorizer = random.pick(authorizers)
  const isKey = random.isLucky(0.15)
  const credential = isKey ? { key: random.pick(cast.keys) } : { login: random.pick(cast.logins) }
  if (authorizer !== undefined) ask(world, authorizer, credential, random.pick(cast.areas))
}

/** One request from its first byte to its verdict. */
function ask(world: World, authorizer: Authorizer, credential: Credential, area: Area): void {
  const { schedule, random, checks, history } = world
  if (!authorizer.isServing()) return
  const beganAtMs = schedule.nowMs()
  const subjects = [...subjectsOf(credential), area.subject]
  const asked = { subjects, beganAtMs, worker: authorizer.name }
  const answered = (answer: Answer) => {
    const now = schedule.nowMs()
    history.note(answer.kind === 'deny' ? 2 : 3, now, beganAtMs * 1000)
    if (history.isTraced) history.say(now, sayAnswer(asked, answer))
    checks.answered(asked, answer, now)
  }
  schedule.plan(beganAtMs + random.next(), () =>
    authorizer.machine.deliver(() => {
      const answer = authorizer.authorize(checkFor(credential, area, beganAtMs))
      if (answer instanceof Promise) void answer.then(answered)
      else answered(answer)
    }),
  )
}

function sayAnswer(
  asked: { subjects: readonly Subject[]; beganAtMs: number; worker: string },
  answer: Answer,
): string {
  const verdict = answer.kind === 'deny' ? answer.reason : 'ALLOWS'
  const names = asked.subjects.map(({ name }) => name).join(' ')
  return `${asked.worker} ${verdict}: ${names}, asked at ${asked.beganAtMs.toFixed(3)}`
}

function subjectsOf(credential: Credential): readonly Subject[] {
  if ('key' in credential) return [credential.key.subject, credential.key.owner.subject]
  return [credential.login.subject, credential.login.owner.subject]
}

function checkFor(credential: Credential, { path }: Area, beganAtMs: number): Check {
  if ('login' in credential) {
    return checkOf({ path, cookies: `${COOKIE_NAME}=${credential.login.cookie}` })
  }
  const nonce = String(Math.floor(WALL_MS + beganAtMs))
  const { kid } = credential.key
  return checkOf({
    path,
    apiKey: { kid, nonce, signature: 'aa', version: '2', contentDigest: undefined },
  })
}

/** One process of the identity API that answers at all. */
function anyIdentity({ identities, random }: World): Identity | undefined {
  return random.pick(identities)
}

function signIn(world: World): void {
  const { cast, random, schedule, history } = world
  const identity = anyIdentity(world)
  const owner = pickDying(world, cast.people) ?? random.pick(cast.people)
  if (identity === undefined) return
  const login = cast.addLogin(owner)
  identity.machine.deliver(() => {
    const opened = identity.sessions
      .generation(owner.uid)
      .then((generation) => identity.sessions.open(sessionOf(login, generation), WALL_MS + IDLE_MS))
    opened.then(
      () => {
        login.subject.openAtMs = schedule.nowMs()
        history.note(4, schedule.nowMs(), 0)
        history.say(schedule.nowMs(), `${identity.name} opened ${login.subject.name}`)
      },
      (problem: unknown) => {
        bugOnly(problem)
        // Whoever was refused has no cookie; if it passes anywhere all the same, that is told.
        history.note(5, schedule.nowMs(), 0)
      },
    )
  })
}

/** A Fault is part of every history; whatever else is thrown is a bug and ends the run. */
function bugOnly(problem: unknown): void {
  if (!(problem instanceof Fault)) throw problem
}

interface Revocation {
  readonly about: string
  readonly subjects: readonly Subject[]
  /** What may be taken along and is not known to be, as of now. */
  readonly uncertain?: () => readonly Subject[]
  readonly run: (identity: Identity) => Promise<unknown>
  /** Credentials that are refused once it is in force. */
  readonly credentials: readonly Credential[]
  readonly area?: Area
}

/** Asks for it, waits for the word, and looks at every authorizer right after. */
function revoke(world: World, revocation: Revocation, attempt = 1): void {
  const { schedule, history, random, checks, plan } = world
  const identity = anyIdentity(world)
  if (identity === undefined || revocation.subjects.length === 0) return
  const beganAtMs = schedule.nowMs()
  const { subjects, uncertain = () => [], about } = revocation
  const die = () => {
    for (const one of [...subjects, ...uncertain()]) {
      one.dyingAtMs = Math.min(one.dyingAtMs, beganAtMs)
    }
  }
  die()
  history.say(beganAtMs, `${identity.name} is asked to end ${about}`)
  if (random.isLucky(0.6)) probe(world, revocation, 6)
  const settled = (word: string, isAcknowledged: boolean) => {
    const now = schedule.nowMs()
    die()
    history.note(isAcknowledged ? 6 : 7, now, beganAtMs * 1000)
    history.say(now, `${identity.name} says of ${about}: ${word}`)
    checks.acknowledged(about, now - beganAtMs, boundOf(world, beganAtMs, identity), now)
  }
  const acknowledged = (outcome: unknown) => {
    const now = schedule.nowMs()
    // It was ended before, by whom and since when is not known: no acknowledgement.
    if (outcome === false) return settled('no such thing', false)
    for (const one of subjects) one.deadAtMs = Math.min(one.deadAtMs, now)
    checks.tally.acksMs.push(now - beganAtMs)
    settled('in force', true)
    for (let round = 0; round < PROBES_COUNT; round++) probe(world, revocation, PROBES_WITHIN_MS)
    probe(world, revocation, plan.times.leaseMs * 2)
  }
  const refused = (problem: unknown) => {
    bugOnly(problem)
    const { code } = problem as Fault
    if (code === 'not_in_force') {
      for (const one of subjects) {
        one.recordedAtMs = Math.min(one.recordedAtMs, schedule.nowMs())
      }
    }
    settled(code, false)
    if (attempt < 4) {
      schedule.plan(schedule.nowMs() + random.between(50, 600), () =>
        revoke(world, revocation, attempt + 1),
      )
    }
  }
  identity.machine.deliver(() => void revocation.run(identity).then(acknowledged, refused))
}

/** Faults in which an identity API, or Postgres under it, stands still. */
const STOPPING: ReadonlySet<FaultKind> = new Set([
  ...(['identity stopped', 'redis failed over young', 'postgres restarted'] as const),
])

/** In good times soon; else what trying, a fence and a lease take. Stops do not count. */
function boundOf({ plan, isHealthy, schedule }: World, beganAtMs: number, one: Identity): number {
  const { leaseMs, fenceMs, retryMs } = plan.times
  if (isHealthy(beganAtMs) && plan.theme === 'calm') return 250
  const isStopped =
    one.machine.isStopped() ||
    !plan.faults.every(({ kind, atMs, untilMs }) => {
      const isMet = atMs < schedule.nowMs() && untilMs + 100 > beganAtMs
      return !isMet || !STOPPING.has(kind)
    })
  if (isStopped) return Number.POSITIVE_INFINITY
  return retryMs + fenceMs + leaseMs * 1.002 + 20 + 400
}

function probe(world: World, { credentials, area }: Revocation, withinMs: number): void {
  const { authorizers, schedule, random, cast } = world
  const beganMs = schedule.nowMs()
  for (const slot of authorizers.keys()) {
    const credential = random.pick(credentials)
    const at = area ?? random.pick(cast.areas)
    schedule.plan(beganMs + random.next() * withinMs + 0.001, () => {
      const authorizer = authorizers[slot]
      if (authorizer !== undefined) ask(world, authorizer, credential, at)
    })
  }
}

/** Somebody from whom something is being taken just now, in some of the cases. */
function pickDying<T extends { readonly subject: Subject }>(
  { random }: World,
  all: readonly T[],
): T | undefined {
  const dying = all.filter(({ subject }) => subject.dyingAtMs < subject.deadAtMs)
  return random.isLucky(DYING_CHANCE) && dying.length > 0 ? random.pick(dying) : undefined
}

const isThere = ({ subject }: { readonly subject: Subject }) =>
  subject.openAtMs !== Number.POSITIVE_INFINITY && subject.dyingAtMs === Number.POSITIVE_INFINITY

const REVOCATIONS: readonly ((world: World) => void)[] = [
  endOne,
  endOne,
  endOne,
  endAll,
  endOthers,
  changeUser({ state: 'banned' }),
  changeUser({ role: 'guest' }),
  endKey,
  closeArea,
]

function endOne(world: World): void {
  const login = pickLive(world, world.cast.logins)
  if (login === undefined) return
  revoke(world, {
    ...{ about: login.subject.name, subjects: [login.subject], credentials: [{ login }] },
    run: (identity) => identity.sessions.end(login.hash),
  })
}

function pickLive<T extends { readonly subject: Subject }>(
  { random }: World,
  all: readonly T[],
): T | undefined {
  const live = all.filter(isThere)
  return live.length === 0 ? undefined : random.pick(live)
}

function endAll(world: World): void {
  endSessions(world, undefined)
}

function endOthers(world: World): void {
  endSessions(world, pickLive(world, world.cast.logins))
}

function endSessions(world: World, kept: Login | undefined): void {
  const owner = kept?.owner ?? world.random.pick(world.cast.people)
  const own = () => world.cast.logins.filter((one) => one.owner === owner && one !== kept)
  const ended = own().filter(isThere)
  revoke(world, {
    about: `all of ${owner.uid} but ${kept?.subject.name ?? 'none'}`,
    subjects: ended.map(({ subject }) => subject),
    uncertain: () => own().map(({ subject }) => subject),
    credentials: ended.map((login) => ({ login })),
    run: (identity) => identity.sessions.endAll(owner.uid, kept?.hash),
  })
}

function changeUser(change: { readonly state?: string; readonly role?: string }) {
  return (world: World) => {
    const { cast, random } = world
    // Most must stay, or there is nobody left to take anything from.
    if (cast.people.filter(isThere).length < cast.people.length / 2) return
    const owner = pickLive(world, cast.people)
    const logins = cast.logins.filter((one) => one.owner === owner)
    const keys = cast.keys.filter((one) => one.owner === owner)
    const credentials = [...logins.map((login) => ({ login })), ...keys.map((key) => ({ key }))]
    if (owner === undefined || credentials.length === 0) return
    random.next()
    revoke(world, {
      about: `${owner.uid} ${change.state ?? change.role}`,
      ...{ subjects: [owner.subject], credentials },
      run: (identity) => identity.users.change(owner.uid, change),
    })
  }
}

function endKey(world: World): void {
  const { keys, people } = world.cast
  const owner = pickDying(world, people)
  const own = keys.filter((one) => one.owner === owner)
  const key = pickLive(world, own.some(isThere) ? own : keys)
  if (key === undefined) return
  const { uid } = key.owner
  const isRemoved = world.random.isLucky(0.5)
  revoke(world, {
    ...{ about: key.kid, subjects: [key.subject], credentials: [{ key }] },
    async run({ apiKeys }) {
      if (isRemoved) return apiKeys.remove(uid, key.kid)
      const { outcome } = await apiKeys.change(uid, key.kid, { state: 'inactive' })
      return outcome === 'done'
    },
  })
}

function closeArea(world: World): void {
  const { cast, random } = world
  const area = pickLive(world, cast.areas.slice(0, 2))
  if (area === undefined) return
  const logins = cast.logins.filter(isThere).filter(({ owner }) => isThere(owner))
  if (logins.length === 0) return
  const credentials = Array.from({ length: 3 }, () => ({ login: random.pick(logins) }))
  const { path } = area
  revoke(world, {
    ...{ about: path, subjects: [area.subject], credentials, area },
    run: (identity) =>
      identity.policies.add({ role: 'member', verb: 'ALL', path, action: 'DROP', topic: null }),
  })
}
