import type { RunningServer } from '../process/servers.ts'

type Server = Pick<RunningServer, 'name' | 'pid' | 'ended' | 'logs'>

/** Whose deaths are watched for; who is restarted is looked at anew. */
interface Watched {
  readonly workers: readonly { readonly server: Server }[]
  readonly identities: readonly { readonly server: Server }[]
}

export interface Deaths {
  /** Who ended by itself before all others, with its last words. */
  first(): string | undefined
  close(): void
}

const LOOK_FOR_DEATHS_MS = 100
const LAST_WORDS_CHARS = 2_000

/** Notes who ended without having been killed: no fault of another may do that to anybody. */
export function watchDeaths({ workers, identities }: Watched): Deaths {
  const watched = new Map<Server, number>()
  let first: string | undefined
  let isOver = false
  function look(): void {
    for (const { server } of [...workers, ...identities]) {
      const { pid } = server
      if (watched.get(server) === pid) continue
      watched.set(server, pid)
      void server.ended().then((outcome) => {
        // A signal was ours; and 0 is what it ends with when it is told to.
        if (isOver || typeof outcome === 'string' || outcome === 0) return
        const lastWords = server.logs().slice(-LAST_WORDS_CHARS)
        first ??= `${server.name} ended by itself with ${outcome}:\n${lastWords}`
      })
    }
  }
  look()
  const timer = setInterval(look, LOOK_FOR_DEATHS_MS)
  return {
    first: () => first,
    close() {
      isOver = true
      clearInterval(timer)
    },
  }
}
