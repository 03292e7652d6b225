import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { choosePorts, copyConfig } from '../gateways/gateway.ts'
import { type RunningServer, requireBinary, startEcho, startProcess } from '../process/servers.ts'
import { type Stack, send } from '../process/stack.ts'
import type { Row } from './judge.ts'
import {
  CALLERS,
  numberOf,
  pidsOf,
  press,
  type SceneOptions,
  untilReplaced,
  untilWell,
  WORKERS,
  withStack,
} from './scene.ts'

/** After so long a check that fails was not in flight when its worker died. */
const IN_FLIGHT_MS = 100
const SAY_EVERY = 10
const KILLS_WANTED = 1_000
const RESTARTS_WANTED = 100
const URI = '/api/v2/resource/users/me'

export function playKills({ times, say }: SceneOptions): Promise<Row> {
  return withStack({}, async (stack) => {
    const { cookie } = await stack.signIn()
    const pressure = press(() => stack.ask({ cookie }))
    let [late, most, slowest, seen] = [0, 0, 0, 0]
    for (let kill = 1; kill <= times; kill++) {
      // The older one: the other has just begun to serve.
      const [victim] = (await pidsOf(stack)) as [number]
      const killedMs = performance.now()
      process.kill(victim, 'SIGKILL')
      slowest = Math.max(slowest, await untilReplaced(stack, [victim]))
      await untilWell(stack)
      await pause(IN_FLIGHT_MS)
      const failures = pressure.failures.slice(seen)
      seen += failures.length
      most = Math.max(most, failures.length)
      late += failures.filter(({ startedMs }) => startedMs - killedMs > IN_FLIGHT_MS).length
      if (kill % SAY_EVERY === 0) say(`${kill} kills, ${seen} checks failed, ${late} late`)
    }
    await pressure.stop()
    return {
      ...{ name: 'G9', goal: 'kill -9 of one worker: failures ≤ what it had in flight' },
      outcome: late > 0 || most > CALLERS ? 'fail' : times >= KILLS_WANTED ? 'pass' : 'partly',
      measured:
        `${numberOf(times)} kills, ${numberOf(pressure.count())} checks, ` +
        `${numberOf(seen)} failed, at most ${most} of ${CALLERS} at once, ` +
        `${late} later than ${IN_FLIGHT_MS} ms after; ` +
        `replaced within ${numberOf(slowest)} ms`,
      isSafety: false,
    }
  })
}

export function playRestarts({ times, say }: SceneOptions): Promise<Row> {
  return withStack({}, async (stack) => {
    const { cookie } = await stack.signIn()
    const echo = await startEcho()
    const gateway = await startNginx(stack, echo.port)
    const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
    try {
      const pressure = press(() => send(agent, `${gateway.url}${URI}`, 'GET', { cookie }))
      for (let restart = 1; restart <= times; restart++) {
        const old = await pidsOf(stack)
        stack.authorizer.kill('SIGHUP')
        await untilReplaced(stack, old)
        if (restart % SAY_EVERY === 0) {
          say(`${restart} restarts, ${pressure.failures.length} requests failed`)
        }
      }
      await pressure.stop()
      const { failures } = pressure
      const why = [...new Set(failures.map((one) => one.why))].slice(0, 3).join(', ')
      return {
        ...{ name: 'G10', goal: '100 rolling restarts behind nginx under load: 0 failed' },
        outcome: failures.length > 0 ? 'fail' : times >= RESTARTS_WANTED ? 'pass' : 'partly',
        measured:
          `${numberOf(times)} restarts of ${WORKERS} workers, ${failures.length} of ` +
          `${numberOf(pressure.count())} requests failed${why === '' ? '' : ` (${why})`}`,
        isSafety: false,
      }
    } finally {
      agent.destroy()
      await Promise.all([gateway.stop(), echo.stop()])
    }
  })
}

/** With the configuration that is shipped. */
async function startNginx(stack: Stack, application: number): Promise<RunningServer> {
  const { authorizer, identity } = stack
  const behind = { authorizer: authorizer.port, identity: identity.port, application }
  const ports = await choosePorts(behind)
  const folder = await copyConfig('nginx', ['listen.conf', 'dvara/upstreams.conf'], ports)
  return startProcess({
    ...{ name: 'nginx', command: requireBinary('nginx').path, folder, port: ports.gateway },
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'],
    ready: { port: ports.gateway },
  })
}
