/** As much of the package as is used; it brings no types. */
declare module 'autocannon' {
  function autocannon(options: {
    url: string
    connections: number
    duration: number
    setupClient(client: autocannon.AutocannonClient): void
  }): Promise<autocannon.AutocannonResult>

  namespace autocannon {
    interface AutocannonRequest {
      readonly method: string
      readonly path: string
      readonly headers: Readonly<Record<string, string>>
    }
    interface AutocannonClient {
      setRequests(requests: readonly AutocannonRequest[]): void
    }
    interface AutocannonResult {
      readonly requests: { readonly total: number }
      readonly throughput: { readonly total: number }
      /** Milliseconds. */
      readonly latency: { readonly p50: number; readonly p99: number }
      /** Seconds. */
      readonly duration: number
      readonly '4xx': number
      readonly '5xx': number
      readonly errors: number
      readonly timeouts: number
    }
  }
  export = autocannon
}
