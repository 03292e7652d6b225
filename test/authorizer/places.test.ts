import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPlaces } from '../../src/authorizer/places.ts'
import { NOWHERE } from '../../src/core/place.ts'
import { addressOf } from '../core/facts.ts'

const SILENT = { info: () => undefined, error: () => undefined }

test('the settings say what an address is while there is no file', async () => {
  for (const [geoipMissing, expected] of [
    ['deny', undefined],
    ['ignore', NOWHERE],
  ] as const) {
    const places = await openPlaces({ geoipFile: undefined, geoipMissing, geoipStaleS: 0 }, SILENT)
    assert.equal(places.findPlace(addressOf('192.0.2.1')), expected)
    assert.match(places.problem() ?? '', /DVARA_GEOIP_FILE/)
    places.close()
  }
})
