import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { NOWHERE } from '../../src/core/place.ts'
import { type GeoChange, type GeoOptions, openGeo } from '../../src/store/geo.ts'
import { addressOf } from '../core/facts.ts'
import { encodeMmdb, type MmdbOptions, PLACED } from './mmdb.ts'

const DAY_MS = 86_400_000
const BUILT = 1_700_000_000_000

async function world(t: TestContext, bytes?: Buffer) {
  const folder = await mkdtemp(join(tmpdir(), 'dvara-geo-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'countries.mmdb')
  if (bytes !== undefined) await writeFile(file, bytes)
  const clock = { ms: BUILT + DAY_MS }
  const changes: GeoChange[] = []
  const open = async (options: Partial<GeoOptions> = {}) => {
    const geo = await openGeo({
      ...{ file, isMissingIgnored: false, staleAfterMs: 30 * DAY_MS, nowMs: () => clock.ms },
      onChange: (change) => changes.push(change),
      ...options,
    })
    t.after(() => geo.close())
    return geo
  }
  async function replace(content: Buffer): Promise<void> {
    await writeFile(`${file}.new`, content)
    await rename(`${file}.new`, file)
  }
  return { file, clock, changes, open, replace }
}

const made = (options: Partial<MmdbOptions> = {}) =>
  encodeMmdb({ networks: PLACED, builtAtMs: BUILT, ...options })

const JAPAN = { continentCode: 'as', continent: 'asia', countryCode: 'jp', country: 'japan' }

test('a place has codes and English names in lower case', async (t) => {
  const { open } = await world(t, made())
  const geo = await open()
  assert.deepEqual(geo.findPlace(addressOf('140.227.60.114')), JAPAN)
  assert.equal(geo.findPlace(addressOf('::ffff:140.227.60.114'))?.country, 'japan')
  assert.equal(geo.findPlace(addressOf('2a02:1::9'))?.countryCode, 'ua')
  assert.equal(geo.findPlace(addressOf('10.0.0.1')), NOWHERE)
  assert.equal(geo.problem(), undefined)
  assert.equal(geo.builtAtMs(), BUILT)
})

test('a place is remembered', async (t) => {
  const { open } = await world(t, made())
  const geo = await open()
  const first = geo.findPlace(addressOf('140.227.60.114'))
  assert.equal(geo.findPlace(addressOf('140.227.60.114')), first)
})

test('a file of IPv4 alone knows no IPv6 address', async (t) => {
  const networks = PLACED.slice(0, 2)
  const { open } = await world(t, made({ networks, ipVersion: 4 }))
  const geo = await open()
  assert.deepEqual(geo.findPlace(addressOf('140.227.60.114')), JAPAN)
  assert.equal(geo.findPlace(addressOf('8ce3:3c72::1')), NOWHERE)
})

test('data beyond its age is believed no more, to the millisecond', async (t) => {
  const { clock, open } = await world(t, made())
  const geo = await open()
  clock.ms = BUILT + 30 * DAY_MS
  assert.deepEqual(geo.findPlace(addressOf('140.227.60.114')), JAPAN)
  clock.ms += 1
  assert.equal(geo.findPlace(addressOf('140.227.60.114')), undefined)
  assert.match(geo.problem() ?? '', /too old, made 2023-11-14/)
  const ageless = await open({ staleAfterMs: 0 })
  assert.deepEqual(ageless.findPlace(addressOf('140.227.60.114')), JAPAN)
})

test('a missing file is a problem: addresses are unknown, or nowhere by choice', async (t) => {
  const { open, changes } = await world(t)
  const geo = await open()
  assert.equal(geo.findPlace(addressOf('140.227.60.114')), undefined)
  assert.match(geo.problem() ?? '', /ENOENT/)
  assert.equal(changes[0]?.outcome, 'refused')
  const lenient = await open({ isMissingIgnored: true })
  assert.equal(lenient.findPlace(addressOf('140.227.60.114')), NOWHERE)
  assert.match(lenient.problem() ?? '', /ENOENT/)
  assert.match((await open({ file: undefined })).problem() ?? '', /DVARA_GEOIP_FILE/)
})

test('a file that comes later or is replaced is read once it stands still', async (t) => {
  const { open, replace } = await world(t)
  const geo = await open()
  await replace(made({ networks: [] }))
  await geo.look()
  await geo.look()
  assert.equal(geo.findPlace(addressOf('140.227.60.114')), NOWHERE)
  await replace(made())
  await geo.look()
  assert.equal(geo.findPlace(addressOf('140.227.60.114')), NOWHERE)
  await geo.look()
  assert.deepEqual(geo.findPlace(addressOf('140.227.60.114')), JAPAN)
})

test('a file that is none, or of something else, changes nothing', async (t) => {
  const { open, replace, changes, file } = await world(t, made())
  const geo = await open()
  const whole = made()
  for (const bytes of [
    Buffer.from('not a database'),
    Buffer.alloc(0),
    whole.subarray(0, whole.length - 40),
    made({ databaseType: 'GeoLite2-ASN' }),
  ]) {
    await replace(bytes)
    await geo.look()
    await geo.look()
    assert.equal(changes.at(-1)?.outcome, 'refused')
    assert.deepEqual(geo.findPlace(addressOf('140.227.60.114')), JAPAN)
  }
  await rm(file)
  await geo.look()
  await geo.look()
  assert.equal(geo.problem(), undefined)
})

test('a file that is damaged inside makes addresses unknown and throws nothing', async (t) => {
  const bytes = made()
  // The data section begins behind the tree and its gap: pointers into nothing from here on.
  const mark = bytes.indexOf('MaxMind.com')
  bytes.fill(0xff, mark - 60, mark - 3)
  const { open } = await world(t, bytes)
  const geo = await open()
  for (const ip of ['140.227.60.114', '196.245.163.202', '2a02:1::9']) {
    const place = geo.findPlace(addressOf(ip))
    assert.ok(place === undefined || typeof place.country === 'string')
  }
})
