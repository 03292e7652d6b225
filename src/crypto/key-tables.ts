/** One public key as its kind of table knows it. */
export interface TableHolder {
  readonly publicKey: Uint8Array
  /** Where its table is, or -1. */
  place: number
  /** Uses since it last had no table. */
  uses: number
  lastUse: number
}

/** The tables of one instance: which key has one, and where. */
export interface KeyTables {
  /** The place of the key's table, made now if its time has come, or -1. Counts a use. */
  placeOf(holder: TableHolder): number
  /** Gives the place to others; the key may get a table again. */
  release(holder: TableHolder): void
  count(): number
  readonly max: number
}

export function createTableHolder(publicKey: Uint8Array): TableHolder {
  return { publicKey: Uint8Array.from(publicKey), place: -1, uses: 0, lastUse: 0 }
}

/**
 * Hands out `places` to keys that are used often. A key gets one at its `usesBeforeTable`th use,
 * another's only at its `usesBeforeEviction`th, and then that of the key unused for longest: two
 * keys too many would else rebuild for ever. `build` says whether it could make the table.
 */
export function createKeyTables(options: {
  places: readonly number[]
  usesBeforeTable: number
  usesBeforeEviction: number
  build: (publicKey: Uint8Array, place: number) => boolean
}): KeyTables {
  const { usesBeforeTable, usesBeforeEviction, build } = options
  const free = options.places.toReversed()
  const holders = new Set<TableHolder>()
  let clock = 0

  function release(holder: TableHolder): void {
    if (holder.place !== -1) free.push(holder.place)
    holder.place = -1
    holder.uses = 0
    holders.delete(holder)
  }

  function evict(): void {
    let oldest: TableHolder | undefined
    for (const each of holders) {
      if (oldest === undefined || each.lastUse < oldest.lastUse) oldest = each
    }
    if (oldest !== undefined) release(oldest)
  }

  return {
    placeOf(holder) {
      holder.lastUse = ++clock
      if (holder.place !== -1) return holder.place
      holder.uses++
      if (holder.uses < usesBeforeTable) return -1
      if (free.length === 0 && holder.uses >= usesBeforeEviction) evict()
      const place = free.pop()
      if (place === undefined) return -1
      if (!build(holder.publicKey, place)) {
        // Such a key never can: it is not tried again.
        free.push(place)
        holder.uses = Number.NEGATIVE_INFINITY
        return -1
      }
      holder.place = place
      holders.add(holder)
      return place
    },
    release,
    count: () => holders.size,
    max: options.places.length,
  }
}
