import type { SqlValue } from '../../src/store/database.ts'
import type { Row, View } from './postgres.ts'

export interface Lock {
  readonly row: string
  readonly mode: 'share' | 'exclusive'
}

type Parameters = readonly SqlValue[]

/** What one statement of the stores does to the tables. */
export interface Statement {
  /** Row locks that it waits for; what it then sees is committed by then. */
  readonly locks?: (view: View, parameters: Parameters) => readonly Lock[]
  readonly run: (view: View, parameters: Parameters) => readonly Row[]
}

const share = (row: string): Lock => ({ row, mode: 'share' })
const own = (row: string): Lock => ({ row, mode: 'exclusive' })
const text = (value: SqlValue | undefined): string => String(value)
const count = (value: SqlValue | undefined): number => Number(value)
const oneOf = (row: Row | undefined): readonly Row[] => (row === undefined ? [] : [row])

const userOf = (view: View, uid: SqlValue | undefined) => view.get('users', text(uid))
const sessionOf = (view: View, hash: SqlValue | undefined) => view.get('sessions', text(hash))
const epochOf = (view: View) => count(view.get('epoch', '')?.n)
const isLive = (row: Row, nowMs: SqlValue | undefined) =>
  row.ended_at === null && count(row.ends_at_ms) > count(nowMs)
const LINE = [
  ...['hash', 'uid', 'csrf_token', 'address', 'address_words', 'generation'],
  ...['created_at_ms', 'ends_at_ms', 'idle_at_ms', 'user_agent'],
]
const lineOf = (row: Row) => LINE.map((name) => String(row[name])).join('\x1f')
const changeRow = ({ applied, ...row }: Row): Row => row

function liveOf(view: View, uid: SqlValue | undefined, except: SqlValue | undefined): Row[] {
  return view
    .all('sessions')
    .filter((row) => row.uid === uid && row.ended_at === null && row.hash !== except)
}

/** A change that is owed to the board; its number. */
function note(view: View, [scope, subject, ended, reason, is_all]: Parameters): number {
  const id = view.nextId()
  const noted = { scope, subject, ended, reason, is_all }
  view.put('changes', text(id), { id, ...noted, epoch: epochOf(view), applied: false } as Row)
  return id
}

const SESSIONS: readonly (readonly [RegExp, Statement])[] = [
  [
    /^select generation::float8 as generation from users/,
    {
      run: (view, [uid]) => oneOf(userOf(view, uid)),
    },
  ],
  [
    /from users u, epoch e where u\.uid = \$1 for share$/,
    {
      locks: (_, [uid]) => [share(`user ${uid}`), share('epoch')],
      run: (view, [uid]) => {
        const user = userOf(view, uid)
        return user === undefined ? [] : [{ ...user, n: epochOf(view) }]
      },
    },
  ],
  [
    /^insert into sessions /,
    {
      run: (view, values) => {
        const [hash, uid, csrf_token, user_agent, address, address_words, generation] = values
        const [created_at_ms, ends_at_ms, idle_at_ms] = values.slice(7)
        view.put('sessions', text(hash), {
          ...{ hash, uid, csrf_token, user_agent, address, address_words, generation },
          ...{ created_at_ms, ends_at_ms, idle_at_ms, ended_at: null },
        } as Row)
        return []
      },
    },
  ],
  [
    /from sessions s join users u using \(uid\), epoch e where s\.hash = \$1/,
    {
      run: (view, [hash]) => {
        const session = sessionOf(view, hash)
        const user = session === undefined ? undefined : userOf(view, session.uid)
        if (user === undefined || session?.ended_at !== null) return []
        return session.generation === user.generation ? [{ ...user, n: epochOf(view) }] : []
      },
    },
  ],
  [
    /^with held as \(select n from epoch for share\), ended as \( update sessions s set ended_at/,
    {
      locks: (_, [hash]) => [own(`session ${hash}`), share('epoch')],
      run: (view, [hash, nowMs, reason]) => {
        const session = sessionOf(view, hash)
        if (session === undefined || !isLive(session, nowMs)) return []
        view.put('sessions', text(hash), { ...session, ended_at: nowMs as number })
        const ended = JSON.stringify([hash])
        const id = note(view, ['session', text(hash), ended, reason ?? '', false])
        return [{ id, epoch: epochOf(view), hash: text(hash), uid: session.uid } as Row]
      },
    },
  ],
  [
    /^update users set generation = generation \+ 1/,
    {
      locks: (_, [uid]) => [own(`user ${uid}`)],
      run: (view, [uid]) => {
        const user = userOf(view, uid)
        if (user === undefined) return []
        const [generation, version] = [count(user.generation) + 1, count(user.version) + 1]
        view.put('users', text(uid), { ...user, generation, version })
        return [{ uid: user.uid as string }]
      },
    },
  ],
  [
    /^update sessions set ended_at = \S+ \/ 1000\) where uid = \$1/,
    {
      locks: (view, [uid, , except]) =>
        liveOf(view, uid, except).map((row) => own(`session ${row.hash}`)),
      run: (view, [uid, nowMs, except]) => {
        const ended = liveOf(view, uid, except)
        for (const row of ended) {
          view.put('sessions', text(row.hash), { ...row, ended_at: nowMs as number })
        }
        return ended.map((row) => ({ hash: row.hash as string, is_live: isLive(row, nowMs) }))
      },
    },
  ],
  [
    /^update sessions s set generation = u\.generation/,
    {
      locks: (_, [, hash]) => [own(`session ${hash}`)],
      run: (view, [uid, hash]) => {
        const [session, user] = [sessionOf(view, hash), userOf(view, uid)]
        if (session?.uid !== uid || session?.ended_at !== null || user === undefined) return []
        view.put('sessions', text(hash), { ...session, generation: user.generation as number })
        return []
      },
    },
  ],
]

const CHANGES: readonly (readonly [RegExp, Statement])[] = [
  [
    /^select uid from sessions where hash = \$1$/,
    { run: (view, [hash]) => oneOf(sessionOf(view, hash)) },
  ],
  [
    /^insert into changes \(scope, subject, ended/,
    {
      locks: () => [share('epoch')],
      run: (view, values) => [{ id: note(view, values) }],
    },
  ],
  [
    /from changes where id = \$1/,
    {
      run: (view, [id]) => oneOf(view.get('changes', text(id))).map(changeRow),
    },
  ],
  [
    /from changes where applied_at is null and id > \$1/,
    {
      run: (view, [last]) =>
        view
          .all('changes')
          .filter((row) => row.applied === false && count(row.id) > count(last))
          .sort((one, other) => count(one.id) - count(other.id))
          .map(changeRow),
    },
  ],
  [
    /^update changes set applied_at/,
    {
      locks: (_, [id]) => [own(`change ${id}`)],
      run: (view, [id, seq]) => {
        const row = view.get('changes', text(id))
        if (row !== undefined)
          view.put('changes', text(id), { ...row, applied: true, seq: seq as number })
        return []
      },
    },
  ],
  [
    /from holders h where h\.uid = \$1$/,
    {
      run: (view, [uid]) => oneOf(userOf(view, uid)).map((row) => ({ ...row, kind: 'user' })),
    },
  ],
  [
    /from api_keys k where k\.uid = \$1 and \(k\.expires_at is null/,
    {
      run: (view, [uid]) => view.all('keys').filter((row) => row.key_uid === uid),
    },
  ],
  [
    /from api_keys k join holders h on h\.uid = k\.uid where k\.kid = \$1/,
    {
      run: (view, [kid]) => oneOf(keyWithHolder(view, view.get('keys', text(kid)))),
    },
  ],
  [
    /^select s\.hash, s\.generation::float8 as generation from sessions s join users u/,
    {
      run: (view, [uid]) =>
        liveOf(view, uid, undefined)
          .filter((row) => count(row.generation) > 0)
          .filter((row) => row.generation === userOf(view, uid)?.generation)
          .map((row) => ({ hash: row.hash, generation: row.generation }) as Row),
    },
  ],
]

function keyWithHolder(view: View, key: Row | undefined): Row | undefined {
  const holder = key === undefined ? undefined : userOf(view, key.key_uid)
  return holder === undefined || key === undefined ? undefined : { ...key, ...holder, kind: 'user' }
}

const KEEPING: readonly (readonly [RegExp, Statement])[] = [
  [/^select n::float8 as n from epoch$/, { run: (view) => [{ n: epochOf(view) }] }],
  [
    /^update epoch set n = n \+ 1/,
    {
      locks: () => [own('epoch')],
      run: (view) => {
        const n = epochOf(view) + 1
        view.put('epoch', '', { n })
        return [{ n }]
      },
    },
  ],
  [
    /as line from sessions s join users u on u\.uid = s\.uid where s\.ended_at is null/,
    {
      run: (view, [nowMs]) =>
        view
          .all('sessions')
          .filter((row) => isLive(row, nowMs))
          .filter((row) => row.generation === userOf(view, row.uid)?.generation)
          .map((row) => ({ line: lineOf(row) })),
    },
  ],
  [
    /from users u join \( select s\.uid, max\(s\.ends_at\)/,
    {
      run: (view, [nowMs]) => {
        const live = view.all('sessions').filter((row) => isLive(row, nowMs))
        const uids = new Set(live.map((row) => row.uid))
        return view
          .all('users')
          .filter((user) => uids.has(user.uid))
          .map((user) => ({ ...user, ends_at_ms: Number.MAX_SAFE_INTEGER }))
      },
    },
  ],
  [
    /from api_keys k join holders h on h\.uid = k\.uid where k\.expires_at is null/,
    {
      run: (view) =>
        view
          .all('keys')
          .map((row) => keyWithHolder(view, row))
          .filter((row) => row !== undefined),
    },
  ],
  [
    /^select s\.hash from sessions s where s\.ended_at is not null/,
    {
      run: (view) =>
        view
          .all('sessions')
          .filter((row) => row.ended_at !== null)
          .map((row) => ({ hash: row.hash as string })),
    },
  ],
  [
    /^update sessions s set idle_at = greatest/,
    {
      run: (view, [json]) => {
        for (const [hash, idle] of Object.entries(JSON.parse(text(json)) as object)) {
          const row = sessionOf(view, hash)
          if (row === undefined || row.ended_at !== null) continue
          const idle_at_ms = Math.max(count(row.idle_at_ms), Number(idle))
          view.put('sessions', hash, { ...row, idle_at_ms })
        }
        return []
      },
    },
  ],
  [
    /^delete from (changes|sessions|api_keys|one_time_tokens|whitelinks) where \S+ < now\(\)/,
    {
      run: () => [],
    },
  ],
]

const PEOPLE: readonly (readonly [RegExp, Statement])[] = [
  [
    /^update users set role = coalesce/,
    {
      locks: (_, [uid]) => [own(`user ${uid}`)],
      run: (view, [uid, role, state]) => {
        const user = userOf(view, uid)
        if (user === undefined) return []
        const version = count(user.version) + 1
        const changed = { role: role ?? user.role, state: state ?? user.state, version }
        view.put('users', text(uid), { ...user, ...changed } as Row)
        return [{ uid: user.uid as string }]
      },
    },
  ],
  [/^update service_accounts s set state/, { run: () => [] }],
  [
    /^update api_keys k set state = 'inactive'.* from users u/,
    {
      locks: (view, [uid]) =>
        view
          .all('keys')
          .filter((row) => row.key_uid === uid)
          .map((row) => own(`key ${row.kid}`)),
      run: (view, [uid]) => {
        if (userOf(view, uid)?.state === 'active') return []
        const keys = view.all('keys').filter((one) => one.key_uid === uid)
        for (const row of keys) {
          const key_version = count(row.key_version) + 1
          view.put('keys', text(row.kid), { ...row, key_state: 'inactive', key_version })
        }
        return keys.map((row) => ({ uid: row.key_uid as string }))
      },
    },
  ],
  [
    /from users u left join users r .* where u\.uid = \$1$/,
    {
      run: (view, [uid]) => oneOf(userOf(view, uid)),
    },
  ],
  [
    /^select u\.state = 'active' and u\.otp as is_able from users u where u\.uid = \$1/,
    {
      locks: (_, [uid]) => [own(`user ${uid}`)],
      run: (view, [uid]) =>
        oneOf(userOf(view, uid)).map((row) => ({ is_able: row.state === 'active' })),
    },
  ],
  [
    /^update api_keys set state = coalesce/,
    {
      locks: (_, [, kid]) => [own(`key ${kid}`)],
      run: (view, [uid, kid, state]) => {
        const row = view.get('keys', text(kid))
        if (row === undefined || row.key_uid !== uid) return []
        const key_version = count(row.key_version) + 1
        view.put('keys', text(kid), {
          ...row,
          key_state: (state ?? row.key_state) as string,
          key_version,
        })
        return [{ kid: kid as string }]
      },
    },
  ],
  [
    /^delete from api_keys where uid = \$1 and kid = \$2/,
    {
      locks: (_, [, kid]) => [own(`key ${kid}`)],
      run: (view, [, kid]) => {
        const row = view.get('keys', text(kid))
        view.remove('keys', text(kid))
        return oneOf(row)
      },
    },
  ],
  [
    /from api_keys k where k\.uid = \$1 and k\.kid = \$2$/,
    {
      run: (view, [, kid]) => oneOf(view.get('keys', text(kid))),
    },
  ],
]

const POLICY: readonly (readonly [RegExp, Statement])[] = [
  [
    /from policy_version v left join permissions p/,
    {
      run: (view) => {
        const version = view.get('policyVersion', '')?.version as number
        return view.all('permissions').map((row) => ({ ...row, version }))
      },
    },
  ],
  [
    /^insert into permissions as p /,
    {
      run: (view, [role, verb, path, action, topic]) => {
        const row = { id: view.nextId(), role, verb, path, action, topic } as Row
        view.put('permissions', text(row.id), row)
        return [row]
      },
    },
  ],
  [
    /^update policy_version set version = version \+ 1/,
    {
      locks: () => [own('policy version')],
      run: (view) => {
        const version = count(view.get('policyVersion', '')?.version) + 1
        view.put('policyVersion', '', { version })
        return []
      },
    },
  ],
]

function secondsOf(view: View, beginning: SqlValue | undefined): string[] {
  const names = view.all('secondLeases').map(({ name }) => text(name))
  return names.filter((name) => name.startsWith(text(beginning)))
}

const SECOND: readonly (readonly [RegExp, Statement])[] = [
  [
    /^insert into second_leases /,
    {
      run: (view, [name]) => {
        if (view.get('secondLeases', text(name)) !== undefined) return []
        view.put('secondLeases', text(name), { name: text(name), beat: view.nextId() })
        return []
      },
    },
  ],
  [
    /^update second_leases set beat/,
    {
      locks: (_, [name]) => [own(`second ${name}`)],
      run: (view, [name]) => {
        if (view.get('secondLeases', text(name)) === undefined) return []
        view.put('secondLeases', text(name), { name: text(name), beat: view.nextId() })
        return [{ name: text(name) }]
      },
    },
  ],
  [
    /from changes where applied_at is null or seq > \$1/,
    {
      run: (view, [seq]) =>
        view
          .all('changes')
          .filter((row) => row.applied === false || count(row.seq) > count(seq))
          .sort((one, other) => count(one.id) - count(other.id))
          .map(changeRow),
    },
  ],
  [
    /^delete from second_leases where name = \$1( and beat = |$)/,
    {
      locks: (_, [name]) => [own(`second ${name}`)],
      run: (view, [name, beat]) => {
        const row = view.get('secondLeases', text(name))
        if (beat === undefined || row?.beat === beat) view.remove('secondLeases', text(name))
        return []
      },
    },
  ],
  [
    /^delete from second_leases where starts_with/,
    {
      locks: (view, [beginning]) => secondsOf(view, beginning).map((name) => own(`second ${name}`)),
      run: (view, [beginning]) => {
        for (const name of secondsOf(view, beginning)) view.remove('secondLeases', name)
        return []
      },
    },
  ],
  [/^select name, beat\S* as beat from second_leases/, { run: (view) => view.all('secondLeases') }],
]

const ALL = [...SESSIONS, ...CHANGES, ...KEEPING, ...PEOPLE, ...POLICY, ...SECOND]
const known = new Map<string, Statement>()

/** By its words, once: a statement that the stores have learnt since is said to be missing here. */
export function statementOf(sql: string): Statement {
  const before = known.get(sql)
  if (before !== undefined) return before
  const words = sql.replace(/\s+/g, ' ').trim()
  const found = ALL.filter(([pattern]) => pattern.test(words))
  const [first, ...more] = found
  if (first === undefined || more.length > 0) {
    throw new Error(`${found.length} models of the statement: ${words}`)
  }
  known.set(sql, first[1])
  return first[1]
}
