import { type Address, readAddress } from '../core/address.ts'

/** Something with a peer: four bytes or sixteen in network order, none when it has gone. */
export interface Peered {
  getRemoteAddress(): ArrayBuffer
}

/**
 * Who stands at the other end. To ask for it costs a system call, an ArrayBuffer and a view of
 * it, nearly a microsecond for each request, and most authorizers hear one gateway alone: while
 * every connection that is open came from one address, that is the answer, and nobody is asked.
 */
export interface Peers {
  /** Must hear of each connection, before anything is asked of it. */
  opened(connection: Peered): void
  /** No connection is open any more. */
  allClosed(): void
  of(connection: Peered): Address | undefined
}

/** Gateways are few; beyond this many the memory starts over. */
const PEERS_MAX = 256

export function createPeers(): Peers {
  const known = new Map<number, Address>()
  /** Of all that are open; undefined if they differ, or if one could not be told. */
  let only: Address | undefined
  let isMixed = false

  function read(connection: Peered): Address | undefined {
    const bytes = new Uint8Array(connection.getRemoteAddress())
    if (bytes.length !== 4) return readAddress(bytes)
    const [a, b, c, d] = bytes as unknown as [number, number, number, number]
    const key = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
    const found = known.get(key)
    if (found !== undefined) return found
    const address = readAddress(bytes)
    if (known.size >= PEERS_MAX) known.clear()
    if (address !== undefined) known.set(key, address)
    return address
  }

  return {
    opened(connection) {
      if (isMixed) return
      const address = read(connection)
      only ??= address
      if (address !== undefined && only?.text === address.text) return
      isMixed = true
      only = undefined
    },
    allClosed() {
      isMixed = false
      only = undefined
    },
    of: (connection) => only ?? read(connection),
  }
}
