import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyConfig, type Ports } from '../../test/gateways/gateway.ts'
import { createFolder, findBinary, findPort } from '../../test/process/servers.ts'
import type { Result, Task } from '../run.ts'
import { askOnce } from './answer.ts'
import { writePart } from './figures.ts'
import { asking, stopAll } from './hit.ts'
import { inWorld, ROUNDS } from './hit-benchmark.ts'
import { type Contender, describe, measureInTurn } from './measure.ts'
import { type Measured, startFile, startMeasured } from './place.ts'
import { plotCosts } from './plot.ts'
import { openSeeder, type Seeded } from './seed.ts'
import { costTable, settingLines, writePlot } from './table.ts'
import { browse, COOKIE } from './workload.ts'
import type { World } from './world.ts'

const SESSIONS = 1_000
const PLOT = 'docs/plots/gateways.svg'
const SMALL = { status: '200 OK', headers: [['Content-Type', 'text/plain']], body: 'application' }

/** What a request through a whole gateway costs, with whom the gateway asks exchanged. */
export async function benchGateways(task: Task): Promise<Result> {
  const { seconds, setting } = task
  return inWorld(async (world) => {
    const stand = await openStand(world)
    const measured = await measureInTurn(stand.contenders, { ...task, rounds: ROUNDS }).finally(
      stand.stop,
    )
    const text = [
      settingLines(setting, { rounds: ROUNDS, seconds }),
      `![CPU time per request through gateways](${PLOT})`,
      costTable(measured),
      ...stand.skipped.map((name) => `Skipped: ${name} is not on this machine.`),
    ].join('\n\n')
    return {
      report: { ...setting, rounds: ROUNDS, seconds, rows: measured, skipped: stand.skipped },
      lines: measured.map(describe),
      document() {
        writePart('gateways', text, {})
        writePlot(PLOT, plotCosts('CPU time of gateway and whom it asks, per request', measured))
      },
      passes: true,
    }
  })
}

async function openStand(world: World) {
  const seeder = await openSeeder(world)
  const sessions = await seeder.sessions(SESSIONS)
  await seeder.close()
  // Through a gateway these sessions' owner calls from another network than the one they began in.
  const settings = { DVARA_JWT_TTL_S: '3600', DVARA_SESSION_BINDING: 'agent' }
  const authorizer = await world.startAuthorizer('authorizer', settings)
  const answer = await askOnce(authorizer.port, asking(sessions))
  const engineFile = new URL('bare-uws.js', import.meta.url)
  const engine = await startFile('bare', engineFile, [JSON.stringify(answer)])
  const application = await startApplication(engineFile)
  const started: Measured[] = [application, authorizer, engine]
  const contenders: Contender[] = []
  const skipped: string[] = []
  const add = async (name: string, gateway: Measured, asked: Measured | undefined) => {
    started.push(gateway)
    contenders.push(through(name, gateway, asked, sessions))
  }
  const portsFor = async (asked: number): Promise<Ports> => ({
    ...{ gateway: await findPort(), authorizer: asked, identity: asked },
    application: application.port,
  })

  const nginx = findBinary('nginx')
  if (nginx === undefined) skipped.push('nginx')
  else {
    const empty = await startNginx(nginx, await writeEmpty())
    started.push(empty)
    for (const [who, asked] of [
      ['nginx `return 204`', empty],
      ['bare uWebSockets.js', engine],
      ['dvara', authorizer],
    ] as const) {
      const gateway = await startShippedNginx(nginx, await portsFor(asked.port))
      await add(`nginx asks ${who}`, gateway, asked)
    }
  }
  const envoy = findBinary('envoy')
  if (envoy === undefined) skipped.push('Envoy')
  else {
    for (const [who, asked] of [
      ['bare uWebSockets.js', engine],
      ['dvara', authorizer],
    ] as const) {
      await add(`Envoy asks ${who}`, await startEnvoy(envoy, await portsFor(asked.port)), asked)
    }
  }
  return { contenders, skipped, stop: () => stopAll(started) }
}

function through(
  name: string,
  gateway: Measured,
  asked: Measured | undefined,
  sessions: readonly Seeded[],
): Contender {
  const workload = browse(
    COOKIE,
    sessions.map(({ cookie }) => cookie),
  )
  const pids = () => [...gateway.pids(), ...(asked?.pids() ?? [])]
  return { name, port: gateway.port, pids, workload: () => workload, expects: 'yes' }
}

/** Beside the load: its cost is not what is measured. */
async function startApplication(file: URL): Promise<Measured> {
  const port = await findPort()
  return startMeasured({
    ...{ name: 'application', command: process.execPath, port, cores: '1' },
    args: [fileURLToPath(file), String(port), JSON.stringify(SMALL)],
  })
}

/** The configuration that is shipped, with one worker. */
async function startShippedNginx(binary: string, ports: Ports): Promise<Measured> {
  const folder = await copyConfig('nginx', ['listen.conf', 'dvara/upstreams.conf'], ports)
  const file = join(folder, 'nginx.conf')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('worker_processes auto', 'worker_processes 1'))
  return startNginx(binary, { folder, port: ports.gateway })
}

function startNginx(binary: string, at: { folder: string; port: number }): Promise<Measured> {
  const args = ['-p', at.folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;']
  return startMeasured({ name: 'nginx', command: binary, args, ...at })
}

/** The least that can be asked: yes to everything, without a token. */
async function writeEmpty(): Promise<{ folder: string; port: number }> {
  const folder = await createFolder('empty')
  const port = await findPort()
  const text = `worker_processes 1; pid nginx.pid; error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server { listen 127.0.0.1:${port}; location / { return 204; } }
}
`
  await writeFile(join(folder, 'nginx.conf'), text)
  return { folder, port }
}

async function startEnvoy(binary: string, ports: Ports): Promise<Measured> {
  const folder = await copyConfig('docker/envoy', ['envoy.yaml'], ports)
  const args = ['-c', `${folder}/envoy.yaml`, '--disable-hot-restart', '--concurrency', '1']
  return startMeasured({
    ...{ name: 'envoy', command: binary, folder, port: ports.gateway },
    args: [...args, '--log-level', 'warning'],
  })
}
