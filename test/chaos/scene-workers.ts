import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { choosePorts, copyConfig } from '../gateways/gateway.ts'
import { type RunningServer, requireBinary, startEcho, startProcess } from '../process/servers.ts'
import { type Stack, send } from '../process/stack.ts'
import { type Callers, type Failed, openCallers } from './callers.ts'
import { clientPortsOf, untilGone } from './connections.ts'
import { cookieRequest } from './credentials.ts'
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
/** Around a kill callers ask without rest; while a worker starts, it has the machine. */
const PRESSED_MS = 30
const RESTING_EVERY_MS = 20
const SAY_EVERY = 10
const KILLS_WANTED = 1_000
const RESTARTS_WANTED = 100
const URI = '/api/v2/resource/users/me'

export function playKills({ times, say }: SceneOptions): Promise<Row> {
  return withStack({}, async (stack) => {
    const { cookie } = await stack.signIn()
    const { port } = stack.authorizer
    const callers = openCallers({ port, request: cookieRequest(cookie, URI)(), count: CALLERS })
    const sum = { inFlight: 0, atKill: 0, later: 0, strays: [] as string[], slowestMs: 0 }
    for (let kill = 1; kill <= times; kill++) {
      callers.pace(0)
      await pause(PRESSED_MS)
      const seen = callers.failures.length
      const blow = await strike(stack, callers)
      await pause(IN_FLIGHT_MS)
      callers.pace(RESTING_EVERY_MS)
      sum.slowestMs = Math.max(sum.slowestMs, await untilReplaced(stack, [blow.victim]))
      await untilWell(stack)
      sum.inFlight += blow.inFlight
      for (const failed of callers.failures.slice(seen)) {
        const kind = kindOf(failed, blow)
        if (kind === 'stray') sum.strays.push(`${failed.why} in kill ${kill}`)
        else sum[kind] += 1
      }
      const { atKill, later, strays } = sum
      if (kill % SAY_EVERY === 0) {
        say(
          `${kill} kills, ${atKill + later} checks failed with their worker, ${strays.length} else`,
        )
      }
    }
    callers.stop()
    const { inFlight, atKill, later, strays } = sum
    const isRight = strays.length === 0 && atKill <= inFlight
    return {
      ...{ name: 'G9', goal: 'kill -9 of one worker: failures ≤ what it had in flight' },
      outcome: !isRight ? 'fail' : times >= KILLS_WANTED ? 'pass' : 'partly',
      measured:
        `${numberOf(times)} kills, ${numberOf(callers.count())} checks; ` +
        `${numberOf(atKill)} failed of ${numberOf(inFlight)} that the dead had in flight, ` +
        `${numberOf(later)} more that were sent to them before their port was closed, ` +
        `${strays.length} others or later than ${IN_FLIGHT_MS} ms after` +
        `${strays.length === 0 ? '' : ` (${strays.slice(0, 3).join(', ')})`}; ` +
        `replaced within ${numberOf(sum.slowestMs)} ms`,
      isSafety: false,
    }
  })
}

/** One kill: who had what in flight, as the system knew it at that instant. */
interface Blow {
  readonly victim: number
  readonly ports: ReadonlySet<number>
  readonly inFlight: number
  readonly killedMs: number
  readonly goneMs: number
}

async function strike(stack: Stack, callers: Callers): Promise<Blow> {
  // The older one: the other has just begun to serve.
  const [victim] = (await pidsOf(stack)) as [number]
  const ports = clientPortsOf(victim, stack.authorizer.port)
  const killedMs = performance.now()
  process.kill(victim, 'SIGKILL')
  const inFlight = callers.waiting().filter((port) => port !== undefined && ports.has(port)).length
  await untilGone(victim)
  return { victim, ports, inFlight, killedMs, goneMs: performance.now() }
}

/**
 * A connection that was made while the dead one's port was still open may have been to it; all
 * others were to those who live, and must not fail.
 */
function kindOf(failed: Failed, { ports, killedMs, goneMs }: Blow): 'atKill' | 'later' | 'stray' {
  const { localPort, openedMs, sentMs, isAnswered } = failed
  if (isAnswered || sentMs - killedMs > IN_FLIGHT_MS) return 'stray'
  if (openedMs >= killedMs) return openedMs <= goneMs ? 'later' : 'stray'
  if (localPort === undefined || !ports.has(localPort)) return 'stray'
  return sentMs < killedMs ? 'atKill' : 'later'
}

export function playRestarts({ times, say }: SceneOptions): Promise<Row> {
  return withStack({}, async (stack) => {
    const { cookie } = await stack.signIn()
    const echo = await startEcho()
    const gateway = await startNginx(stack, echo.port)
    const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
    try {
      const pressure = press(async () => {
        const { status, body } = await send(agent, `${gateway.url}${URI}`, 'GET', { cookie })
        // Who said so is told: the gateway, the authorizer through it, or the application.
        if (status !== 200) throw new Error(`${status} ${body}`)
        return { status }
      })
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
      const why = failures
        .slice(0, 3)
        .map((one) => `${one.why} after ${numberOf(Math.round(one.tookMs))} ms`)
        .join(', ')
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
