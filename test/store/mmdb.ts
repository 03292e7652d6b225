import { parseNetwork } from '../../src/core/network.ts'

/** What the file says of a network. */
export interface PlacedNetwork {
  readonly network: string
  readonly continent: readonly [code: string, name: string]
  readonly country: readonly [code: string, name: string]
}

export interface MmdbOptions {
  readonly networks: readonly PlacedNetwork[]
  readonly builtAtMs: number
  readonly databaseType?: string
  readonly ipVersion?: 4 | 6
}

const DATA_GAP = Buffer.alloc(16)
const METADATA_MARK = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')])

type Value = string | number | bigint | readonly Value[] | { readonly [key: string]: Value }

/** A control byte and the sizes behind it (MaxMind DB format 2.0, "Data Field Format"). */
function control(type: number, size: number): Buffer {
  const head = [(type > 7 ? 0 : type << 5) | Math.min(size, 29)]
  if (type > 7) head.push(type - 7)
  if (size >= 29 + 256) throw new Error('too long for a test')
  if (size >= 29) head.push(size - 29)
  return Buffer.from(head)
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(2, bytes.length), bytes])
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(value)
    return Buffer.concat([control(9, 8), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)])
  const pairs = Object.entries(value).flatMap(([key, inner]) => [encode(key), encode(inner)])
  return Buffer.concat([control(7, pairs.length / 2), ...pairs])
}

type Slot = { readonly node: number } | { readonly data: number } | undefined

/** The bits of a network in a tree of this width: IPv4 lies below ::/96 of IPv6. */
function bitsOf(network: string, ipVersion: 4 | 6): string {
  const parsed = parseNetwork(network)
  if (parsed === undefined) throw new Error(network)
  const { a, b, c, d, family } = parsed.address
  const words = (family === 4 ? [d] : [a, b, c, d]).map((word) =>
    word.toString(2).padStart(32, '0'),
  )
  const bits = words.join('').slice(0, parsed.bits)
  return family === 4 && ipVersion === 6 ? '0'.repeat(96) + bits : bits
}

/** A file in MaxMind's format with records of 32 bits. Networks must not hold one another. */
export function encodeMmdb({ networks, builtAtMs, ...rest }: MmdbOptions): Buffer {
  const { databaseType = 'GeoLite2-Country', ipVersion = 6 } = rest
  const tree: [Slot, Slot][] = [[undefined, undefined]]
  const places: Buffer[] = []
  let dataBytes = 0
  for (const { network, continent, country } of networks) {
    const place = encode({
      continent: { code: continent[0], names: { de: '-', en: continent[1] } },
      country: { iso_code: country[0], names: { en: country[1] } },
    })
    put(tree, bitsOf(network, ipVersion), dataBytes)
    places.push(place)
    dataBytes += place.length
  }
  const records = Buffer.alloc(tree.length * 8)
  for (const [at, slots] of tree.entries()) {
    for (const [side, slot] of slots.entries()) {
      const value =
        slot === undefined
          ? tree.length
          : 'node' in slot
            ? slot.node
            : tree.length + DATA_GAP.length + slot.data
      records.writeUInt32BE(value, at * 8 + side * 4)
    }
  }
  const metadata = encode({
    ...{ binary_format_major_version: 2, binary_format_minor_version: 0 },
    ...{ build_epoch: BigInt(Math.floor(builtAtMs / 1000)), database_type: databaseType },
    ...{ description: { en: 'made by a test' }, ip_version: ipVersion, languages: ['en'] },
    ...{ node_count: tree.length, record_size: 32 },
  })
  return Buffer.concat([records, DATA_GAP, ...places, METADATA_MARK, metadata])
}

function put(tree: [Slot, Slot][], bits: string, data: number): void {
  let at = 0
  for (const [depth, bit] of [...bits].entries()) {
    const slots = tree[at] as [Slot, Slot]
    const side = bit === '1' ? 1 : 0
    if (depth === bits.length - 1) {
      slots[side] = { data }
      return
    }
    const slot = slots[side]
    if (slot !== undefined && 'node' in slot) at = slot.node
    else {
      at = tree.push([undefined, undefined]) - 1
      slots[side] = { node: at }
    }
  }
}

/** What the tests of restrictions ask about. */
export const PLACED: readonly PlacedNetwork[] = [
  { network: '196.245.0.0/16', continent: ['EU', 'Europe'], country: ['GB', 'United Kingdom'] },
  { network: '140.227.0.0/16', continent: ['AS', 'Asia'], country: ['JP', 'Japan'] },
  { network: '2a02:1::/32', continent: ['EU', 'Europe'], country: ['UA', 'Ukraine'] },
]
