import { readFile } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import { type CountryResponse, Reader } from 'maxmind'
import type { Address } from '../core/address.ts'
import { type FindPlace, NOWHERE, type Place } from '../core/place.ts'
import { modifiedAtOf } from './routes.ts'

/** Where addresses are, from a file in MaxMind's format that is replaced from time to time. */
export interface Geo {
  readonly findPlace: FindPlace
  /** Why no place can be told now; undefined if it can. */
  problem(): string | undefined
  /** When the data was made, in milliseconds of the epoch; undefined without a file. */
  builtAtMs(): number | undefined
  /** Looks after the file now, and reads it if it was replaced. Never rejects. */
  look(): Promise<void>
  /** Looks after the file every `everyMs`. */
  watch(everyMs: number): void
  close(): void
}

export interface GeoOptions {
  /** Undefined: there is no file, so no place can be told. */
  readonly file: string | undefined
  /** Whether an address is nowhere, and no longer unknown, while the file is missing or stale. */
  readonly isMissingIgnored: boolean
  /** Data older than this is not believed; 0 means that it never grows old. */
  readonly staleAfterMs: number
  readonly nowMs: () => number
  /** A file was read, or refused with a reason while the one before goes on. */
  readonly onChange: (change: GeoChange) => void
}

export type GeoChange =
  | { readonly outcome: 'loaded'; readonly kind: string; readonly builtAtMs: number }
  | { readonly outcome: 'refused'; readonly problem: string }

/** Larger than any file of countries and cities by far. */
const FILE_BYTES_MAX = 512 * 1024 * 1024
/** Addresses whose place is remembered: a look into the file decodes a tree of maps. */
const PLACES_MAX = 50_000

interface Loaded {
  readonly reader: Reader<CountryResponse>
  readonly builtAtMs: number
  readonly places: LRUCache<string, Place>
}

/** Reads the file once before it resolves. Never rejects: a bad file is a problem, not a stop. */
export async function openGeo(options: GeoOptions): Promise<Geo> {
  const { file, isMissingIgnored, staleAfterMs, nowMs, onChange } = options
  const unknown = isMissingIgnored ? NOWHERE : undefined
  let loaded: Loaded | undefined
  let refused: string | undefined
  let readAt: string | undefined
  let seenAt: string | undefined
  let timer: NodeJS.Timeout | undefined

  async function read(path: string): Promise<void> {
    try {
      loaded = await loadFile(path)
      refused = undefined
      const { builtAtMs, reader } = loaded
      onChange({ outcome: 'loaded', kind: reader.metadata.databaseType, builtAtMs })
    } catch (cause) {
      refused = `${path}: ${cause instanceof Error ? cause.message : String(cause)}`
      onChange({ outcome: 'refused', problem: refused })
    }
  }

  /** A file is read when two looks in a row saw it alike: it may be half written at the first. */
  async function look(): Promise<void> {
    if (file === undefined) return
    const before = seenAt
    seenAt = await modifiedAtOf(file)
    // A file that went away changes nothing: what was read of it is as good as it was.
    if (seenAt === undefined || seenAt === readAt || seenAt !== before) return
    readAt = seenAt
    await read(file)
  }

  function watch(everyMs: number): void {
    timer = setTimeout(() => void look().finally(() => timer && watch(everyMs)), everyMs)
    timer.unref()
  }

  function isStale({ builtAtMs }: Loaded): boolean {
    return staleAfterMs > 0 && nowMs() - builtAtMs > staleAfterMs
  }

  if (file !== undefined) {
    readAt = await modifiedAtOf(file)
    seenAt = readAt
    await read(file)
  }
  return {
    findPlace(address) {
      if (loaded === undefined || isStale(loaded)) return unknown
      return placeOf(loaded, address) ?? unknown
    },
    problem() {
      if (file === undefined) return 'DVARA_GEOIP_FILE names no file'
      if (loaded === undefined) return refused ?? `${file}: not read`
      if (isStale(loaded)) return `${file}: too old, made ${dayOf(loaded.builtAtMs)}`
      return undefined
    },
    builtAtMs: () => loaded?.builtAtMs,
    look,
    watch,
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

async function loadFile(path: string): Promise<Loaded> {
  const bytes = await readFile(path)
  if (bytes.length > FILE_BYTES_MAX) throw new Error('larger than 512 MiB')
  const reader = new Reader<CountryResponse>(bytes)
  const { buildEpoch, databaseType } = reader.metadata
  // An ASN file opens as well, and would say of every address that it is nowhere.
  if (!/country|city|enterprise/i.test(databaseType)) {
    throw new Error(`holds ${databaseType}, expected countries or cities`)
  }
  const places = new LRUCache<string, Place>({ max: PLACES_MAX })
  return { reader, builtAtMs: buildEpoch.getTime(), places }
}

/** NOWHERE if the file does not know the address, undefined if it is damaged there. */
function placeOf({ reader, places }: Loaded, address: Address): Place | undefined {
  // A file of IPv4 alone would be walked by the first bits of an IPv6 address.
  if (address.family === 6 && reader.metadata.ipVersion === 4) return NOWHERE
  const known = places.get(address.text)
  if (known !== undefined) return known
  let found: CountryResponse | null
  try {
    found = reader.get(address.text)
  } catch {
    return undefined
  }
  const place = found === null ? NOWHERE : readPlace(found)
  places.set(address.text, place)
  return place
}

/** Without a country of its own, an address has the one that it is registered in. */
function readPlace(found: CountryResponse): Place {
  const { continent, country = found.registered_country } = found
  return {
    continentCode: fold(continent?.code),
    continent: fold(continent?.names?.en),
    countryCode: fold(country?.iso_code),
    country: fold(country?.names?.en),
  }
}

/** Whatever the file holds there, as text. */
function fold(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}
