import type { Config } from '../config/settings.ts'
import { type Geo, openGeo } from '../store/geo.ts'
import type { Log } from '../telemetry/log.ts'

/** How often the file is looked at: it changes twice a week, and is large. */
const LOOK_EVERY_MS = 2000

/** Where addresses are, as the settings say. */
export async function openPlaces(
  config: Pick<Config, 'geoipFile' | 'geoipMissing' | 'geoipStaleS'>,
  log: Pick<Log, 'info' | 'error'>,
): Promise<Geo> {
  const geo = await openGeo({
    file: config.geoipFile,
    isMissingIgnored: config.geoipMissing === 'ignore',
    staleAfterMs: config.geoipStaleS * 1000,
    nowMs: Date.now,
    onChange(change) {
      if (change.outcome === 'loaded') log.info(change, 'places of addresses were read')
      else log.error(change, 'the GeoIP file was refused; the one before it is believed')
    },
  })
  geo.watch(LOOK_EVERY_MS)
  return geo
}
