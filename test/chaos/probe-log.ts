/** What an authorizer said to one probe. */
export const VERDICTS = ['allow', 'deny', 'unavailable', 'broken', 'lost'] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Probe {
  /** Just before its first byte was sent, and just after its last came back; one clock for all. */
  readonly startMs: number
  readonly endMs: number
  readonly credential: number
  readonly worker: number
  /**
   * `deny`: 401. `unavailable`: 403, it cannot tell. `broken`: any other status. `lost`: the
   * connection ended first.
   */
  readonly verdict: Verdict
}

/** Every probe of a run, 22 bytes each, in the order in which they ended. */
export interface ProbeLog {
  readonly count: number
  add(probe: Probe): void
  /** From the `from`-th on. The probe handed over is a new object each time. */
  each(visit: (probe: Probe) => void, from?: number): void
}

const CHUNK_PROBES = 65_536

export function createProbeLog(): ProbeLog {
  const chunks: Chunk[] = []
  let count = 0
  return {
    get count() {
      return count
    },
    add({ startMs, endMs, credential, worker, verdict }) {
      const at = count % CHUNK_PROBES
      if (at === 0) chunks.push(createChunk())
      const chunk = chunks[chunks.length - 1] as Chunk
      chunk.times[2 * at] = startMs
      chunk.times[2 * at + 1] = endMs
      chunk.credentials[at] = credential
      chunk.workers[at] = worker
      chunk.verdicts[at] = VERDICTS.indexOf(verdict)
      count += 1
    },
    each(visit, from = 0) {
      for (let n = from; n < count; n++) {
        const chunk = chunks[Math.floor(n / CHUNK_PROBES)] as Chunk
        const at = n % CHUNK_PROBES
        visit({
          startMs: chunk.times[2 * at] as number,
          endMs: chunk.times[2 * at + 1] as number,
          credential: chunk.credentials[at] as number,
          worker: chunk.workers[at] as number,
          verdict: VERDICTS[chunk.verdicts[at] as number] as Verdict,
        })
      }
    },
  }
}

type Chunk = ReturnType<typeof createChunk>

function createChunk() {
  return {
    times: new Float64Array(2 * CHUNK_PROBES),
    credentials: new Uint32Array(CHUNK_PROBES),
    workers: new Uint8Array(CHUNK_PROBES),
    verdicts: new Uint8Array(CHUNK_PROBES),
  }
}
