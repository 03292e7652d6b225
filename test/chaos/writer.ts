import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { sha256Base64url } from '../../src/crypto/digest.ts'
import { apiKeyRow, parseSecretsKey, sealSecret } from '../../src/crypto/envelope.ts'
import { send } from '../process/stack.ts'
import { type Credentials, cookieRequest, keyRequest } from './credentials.ts'
import type { Change, ChangeKind } from './history.ts'
import { askOnce } from './probers.ts'
import type { Stand } from './stand.ts'

export interface Writer {
  readonly changes: readonly Change[]
  readonly kept: ReadonlyMap<number, number>
  /** Ends what is under way; resolves once every change has its answer. */
  stop(): Promise<void>
}

export interface WriterOptions {
  readonly stand: Stand
  readonly credentials: Credentials
  readonly random: () => number
  readonly keptCount: number
  /** How many changes are made at once, and how long each rests between two. */
  readonly handsCount: number
  readonly pauseMs: number
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
/** Something good that can be taken away: by whom, and what the log will say. */
interface Victim {
  readonly kind: ChangeKind
  readonly credentials: readonly number[]
  readonly entry: string
  take(): Promise<{ readonly status: number; readonly path: Change['path'] }>
}

const MEMBER_URI = '/api/v2/resource/users/me'
const ADMIN_URI = '/api/v2/admin/users'
const SESSIONS_URL = '/api/v2/identity/sessions'
const RETRY_MS = 100
/** Most are logouts; the others are rarer in life too. */
const KINDS: readonly ChangeKind[] = [
  ...(['logout', 'role cut', 'logout', 'ban', 'logout', 'key disable', 'logout'] as const),
]

/** Signs people in and takes away from them, as quickly as it is told to, whatever fails. */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  const { stand, credentials, random } = options
  const changes: Writable<Change>[] = []
  const kept = new Map<number, number>()
  const people = await createPeople(stand, random)
  let isStopped = false

  for (let made = 0; made < options.keptCount; made++) {
    const session = await people.signIn(await people.add('member'))
    const id = credentials.add(cookieRequest(session.cookie, MEMBER_URI))
    credentials.keep(id)
    kept.set(id, performance.now())
  }

  async function takeAway(kind: ChangeKind): Promise<void> {
    const victim = await VICTIMS[kind](people, credentials)
    for (const id of victim.credentials) credentials.admit(id)
    await Promise.all(
      victim.credentials.flatMap((id) =>
        stand.workers.map(({ port }) => askOnce(port, credentials.requestOf(id))),
      ),
    )
    const change: Writable<Change> = {
      kind,
      credentials: victim.credentials,
      requestedMs: performance.now(),
      ackMs: undefined,
      status: undefined,
      path: undefined,
      entry: victim.entry,
    }
    changes.push(change)
    for (const id of victim.credentials) credentials.strike(id)
    const said = await victim.take().catch(() => ({ status: 503, path: undefined }))
    const nowMs = performance.now()
    change.status = said.status
    change.path = said.path
    if (said.status === 200) change.ackMs = nowMs
  }

  let turn = 0
  async function hand(): Promise<void> {
    while (!isStopped) {
      const kind = KINDS[turn++ % KINDS.length] as ChangeKind
      // Somebody who cannot be signed in while the stores are away is tried again.
      await takeAway(kind).catch(() => pause(RETRY_MS))
      await pause(options.pauseMs)
    }
  }

  const hands = Array.from({ length: options.handsCount }, hand)
  return {
    changes,
    kept,
    async stop() {
      isStopped = true
      await Promise.all(hands)
      people.close()
    },
  }
}

type People = Awaited<ReturnType<typeof createPeople>>

async function createPeople(stand: Stand, random: () => number) {
  const { stores, admin, identities } = stand
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const { passwordDigest } = (await stores.users.findByEmail(admin.email)) as {
    passwordDigest: string
  }
  const identity = () => identities[Math.floor(random() * identities.length)]?.server.url ?? ''
  return {
    stand,
    close: () => agent.destroy(),
    /** A user with the administrator's password. */
    async add(role: string): Promise<{ readonly uid: string; readonly email: string }> {
      const uid = `ID${randomBytes(6).toString('hex').toUpperCase()}`
      const email = `${uid}@app.example`.toLowerCase()
      await stores.users.create({
        ...{ uid, username: null, email, passwordDigest, role, level: 1, state: 'active' },
        ...{ referralId: null, data: null },
      })
      return { uid, email }
    },
    async signIn({ email }: { readonly email: string }) {
      const body = { email, password: admin.password }
      const { status, headers } = await send(agent, `${identity()}${SESSIONS_URL}`, 'POST', {
        body,
      })
      if (status !== 200) throw new Error(`sign-in: ${status}`)
      const cookie = String(headers['set-cookie']).split(';', 1)[0] as string
      const hash = sha256Base64url(decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1)))
      return { cookie, hash }
    },
    async signOut(cookie: string) {
      const { status, headers } = await send(agent, `${identity()}${SESSIONS_URL}`, 'DELETE', {
        cookie,
      })
      return { status, path: pathOf(headers['x-in-force']) }
    },
  }
}

/** What the receipt of an acknowledgement says, where there is one. */
function pathOf(receipt: string | string[] | undefined): Change['path'] {
  const path = /path=(fast|slow)/.exec(String(receipt ?? ''))?.[1]
  return path === 'fast' || path === 'slow' ? path : undefined
}

const DONE = { status: 200, path: undefined } as const

const VICTIMS: Record<ChangeKind, (people: People, all: Credentials) => Promise<Victim>> = {
  async logout(people, all) {
    const { cookie, hash } = await people.signIn(await people.add('member'))
    const credentials = [all.add(cookieRequest(cookie, MEMBER_URI))]
    const take = () => people.signOut(cookie)
    return { kind: 'logout', credentials, entry: `session ${hash}`, take }
  },
  async ban(people, all) {
    const user = await people.add('member')
    const sessions = [await people.signIn(user), await people.signIn(user)]
    const credentials = sessions.map((one) => all.add(cookieRequest(one.cookie, MEMBER_URI)))
    const take = async () => {
      await people.stand.stores.users.change(user.uid, { state: 'banned' })
      return DONE
    }
    return { kind: 'ban', credentials, entry: `user ${user.uid}`, take }
  },
  async 'role cut'(people, all) {
    const user = await people.add('admin')
    const { cookie } = await people.signIn(user)
    const credentials = [all.add(cookieRequest(cookie, ADMIN_URI))]
    const take = async () => {
      await people.stand.stores.users.change(user.uid, { role: 'member' })
      return DONE
    }
    return { kind: 'role cut', credentials, entry: `user ${user.uid}`, take }
  },
  async 'key disable'(people, all) {
    const { stores, secretsKey } = people.stand
    const { uid } = await people.add('member')
    await stores.users.change(uid, { otp: true })
    const kid = randomBytes(8).toString('hex')
    const secret = randomBytes(16).toString('hex')
    const row = apiKeyRow({ kid, uid, algorithm: 'HS256' })
    const material = sealSecret(parseSecretsKey(secretsKey), Buffer.from(secret), row)
    await stores.apiKeys.create({
      ...{ kid, uid, algorithm: 'HS256', material, isV1Accepted: true, scopes: [], networks: [] },
      ...{ expiresAtMs: undefined, rate: undefined },
    })
    const credentials = [all.add(keyRequest(kid, secret, MEMBER_URI))]
    const take = async () => {
      await stores.apiKeys.change(uid, kid, { state: 'disabled' })
      return DONE
    }
    return { kind: 'key disable', credentials, entry: `key ${kid}`, take }
  },
}
