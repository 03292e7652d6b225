/** Where Redis is, as its URL says. */
export interface RedisTarget {
  /** `single`: that server. `sentinel`: the primary they name. `cluster`: who has our slot. */
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** Of the server, the Sentinels, or some nodes of the cluster. */
  readonly nodes: readonly RedisNode[]
  /** Of a unix socket instead; then there are no nodes. */
  readonly path: string | undefined
  readonly isTls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  /** What the Sentinels call the primary; empty without Sentinels. */
  readonly primary: string
  readonly sentinelUsername: string | undefined
  readonly sentinelPassword: string | undefined
}

export interface RedisNode {
  readonly host: string
  readonly port: number
}

const PORT = 6379
const SENTINEL_PORT = 26_379

const FORM =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/(\d{1,4})?)?(?:\?(.*))?$/
const SOCKET = /^(?:unix:)?(\/[^/].*)$/
const NODE = /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/

/**
 * `redis://user:password@host:port/db`, `rediss://…` with TLS, `unix:/path`,
 * `redis+sentinel://user:password@host:port,host:port/db?master=NAME`,
 * `redis+cluster://user:password@host:port,host:port`, and the last two with `rediss`. What it
 * means is undefined if it has none of these forms.
 */
export function parseRedisUrl(url: string): RedisTarget | undefined {
  const socket = SOCKET.exec(url)?.[1]
  const parts = socket === undefined ? FORM.exec(url) : undefined
  if (socket === undefined && (parts === null || parts === undefined)) return undefined
  const [, scheme, form, login = '', places = '', database = '0', query = ''] = parts ?? []
  const kind = form === 'sentinel' || form === 'cluster' ? form : 'single'
  const nodes = socket === undefined ? readNodes(places, kind) : []
  if (nodes === undefined) return undefined
  const options = new URLSearchParams(query)
  const primary = options.get('master') ?? ''
  if ((kind === 'sentinel') !== (primary !== '')) return undefined
  if (kind === 'cluster' && database !== '0') return undefined
  const [username = '', password = ''] = readLogin(login)
  return {
    ...{ kind, nodes, primary, path: socket, isTls: scheme === 'rediss' },
    username: username === '' ? undefined : username,
    password: password === '' ? undefined : password,
    database: Number(database),
    sentinelUsername: options.get('sentinel_username') ?? undefined,
    sentinelPassword: options.get('sentinel_password') ?? undefined,
  }
}

function readNodes(places: string, kind: RedisTarget['kind']): readonly RedisNode[] | undefined {
  const nodes: RedisNode[] = []
  for (const place of places.split(',')) {
    const found = NODE.exec(place)
    const port = Number(found?.[2] ?? (kind === 'sentinel' ? SENTINEL_PORT : PORT))
    if (found === null || port === 0 || port > 65_535) return undefined
    nodes.push({ host: (found[1] as string).replace(/^\[|\]$/g, ''), port })
  }
  return kind === 'single' && nodes.length > 1 ? undefined : nodes
}

/** `user:password`, `:password`, or the user alone; either may be percent-encoded. */
function readLogin(login: string): readonly string[] {
  const at = login.indexOf(':')
  const words = at === -1 ? [login] : [login.slice(0, at), login.slice(at + 1)]
  return words.map((word) => {
    try {
      return decodeURIComponent(word)
    } catch {
      return word
    }
  })
}
