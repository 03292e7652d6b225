import type { Config } from '../config/settings.ts'
import type { FindPlace } from '../core/place.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { PolicyHolder } from './policy.ts'
import { createShadow, type Shadow } from './shadow.ts'

const LOOK_EVERY_MS = 500

/** What the live decisions are made by. */
interface Live {
  readonly policy: Pick<PolicyHolder, 'current'>
  readonly findPlace: FindPlace
}

/** The shadow policy of the settings, if there is one. It never keeps a start waiting. */
export function openShadow(
  config: Pick<Config, 'shadowPolicyFile' | 'shadowEvery' | 'csrfProtection'>,
  log: Log,
  metrics: Metrics,
  { policy, findPlace }: Live,
): Shadow | undefined {
  const file = config.shadowPolicyFile
  if (file === undefined) return undefined
  const shadow = createShadow({
    liveRoutes: () => policy.current().routes,
    findPlace,
    file,
    every: config.shadowEvery,
    isCsrfRequired: config.csrfProtection,
    everyMs: LOOK_EVERY_MS,
    nowMs: Date.now,
    onCompared: metrics.countShadow,
    onRead(problems) {
      metrics.countShadowReload(problems.length === 0 ? 'applied' : 'rejected')
      if (problems.length === 0) log.info({ file }, 'a shadow policy is tried')
      else log.error({ file, problems }, 'the shadow policy was refused; live decisions go on')
    },
  })
  void shadow.look()
  return shadow
}
