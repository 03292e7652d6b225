import type { Config } from '../config/settings.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createShadow, type Shadow } from './shadow.ts'

const LOOK_EVERY_MS = 500

/** The shadow policy of the settings, if there is one. It never keeps a start waiting. */
export function openShadow(
  config: Pick<Config, 'shadowPolicyFile' | 'shadowEvery' | 'csrfProtection'>,
  log: Log,
  metrics: Metrics,
): Shadow | undefined {
  const file = config.shadowPolicyFile
  if (file === undefined) return undefined
  const shadow = createShadow({
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
