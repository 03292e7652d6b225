import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createSigner } from 'fast-jwt'
import { Redis } from 'ioredis'
import { type Figures, round, writePart } from '../load/figures.ts'
import { asking, on, stopAll } from '../load/hit.ts'
import { inWorld, ROUNDS } from '../load/hit-benchmark.ts'
import {
  type Contender,
  describe,
  type Measurement,
  measureInTurn,
  ratioOf,
} from '../load/measure.ts'
import { type Measured, startFile } from '../load/place.ts'
import { plotCosts } from '../load/plot.ts'
import { openSeeder, type Seeded } from '../load/seed.ts'
import { costTable, settingLines, writePlot } from '../load/table.ts'
import { USER_AGENT } from '../load/workload.ts'
import type { World } from '../load/world.ts'
import type { Result, Task } from '../run.ts'
import { startNginxLua } from './nginx-lua.ts'
import { PROGRAMS } from './programs.ts'
import type { RivalOptions, RivalRule, RivalSession } from './rules.ts'

const SESSIONS = 1_000
const LIFETIME_MS = 3_600_000
const PLOT = 'docs/plots/rivals.svg'

/** The same question to what people would use instead, in turn with ours. */
export async function benchRivals(task: Task): Promise<Result> {
  const { seconds, setting } = task
  return inWorld(async (world) => {
    const field = await openField(world, task.rivals)
    const measured = await measureInTurn(field.contenders, { ...task, rounds: ROUNDS }).finally(
      () => stopAll(field.servers),
    )
    const figures = figuresOf(measured)
    const text = [
      settingLines(setting, { rounds: ROUNDS, seconds }),
      `![CPU time per request, ours and others](${PLOT})`,
      costTable(measured),
      ...field.skipped.map((line) => `Skipped: ${line}`),
      againstText(figures),
    ].join('\n\n')
    return {
      report: { ...setting, seconds, rows: measured, skipped: field.skipped, figures },
      lines: [...measured.map(describe), ...field.skipped.map((line) => `skipped: ${line}`)],
      document() {
        writePart('rivals', text, figures)
        writePlot(PLOT, plotCosts('CPU time of the server per request', measured))
      },
      passes: true,
    }
  })
}

async function openField(world: World, given: Readonly<Record<string, string>>) {
  const seeder = await openSeeder(world)
  const sessions = await seeder.sessions(SESSIONS)
  await seeder.close()
  await copySessions(world, sessions)
  const workload = asking(sessions)
  const rules = await loadRules(world)
  // Each waits for the others between its rounds: no token may age meanwhile.
  const ours = await world.startAuthorizer('dvara', { DVARA_JWT_TTL_S: '3600' })
  const fresh = await world.startAuthorizer('dvara, fresh', { DVARA_JWT_MEMO: 'false' })
  const servers: Measured[] = [ours, fresh]
  const contenders: Contender[] = [
    on(ours, 'dvara, session hit, EdDSA', workload),
    on(fresh, 'dvara, session hit, fresh EdDSA signature', workload),
  ]
  const skipped: string[] = []
  for (const { name, file, algorithm } of SCRIPTS) {
    const options = { redisUrl: world.redis.url, algorithm, rules, privateKey: PEMS[algorithm] }
    const text = JSON.stringify(options satisfies RivalOptions)
    const server = await startFile(name, new URL(file, import.meta.url), [text])
    servers.push(server)
    contenders.push(on(server, name, workload))
  }
  const lua = await startNginxLua(world.redis.port)
  if (lua === undefined) skipped.push('nginx with Lua and Redis: its Lua module is not here.')
  else {
    servers.push(lua)
    contenders.push(on(lua, 'nginx with Lua, session from Redis, no token', workload, 'yes'))
  }
  for (const [name, start] of Object.entries(PROGRAMS)) {
    const path = given[name]
    if (path === undefined) {
      skipped.push(`${name}: measured where \`--rival ${name}=/path\` is given.`)
      continue
    }
    const token = createSigner({ key: PEMS.RS256, algorithm: 'RS256', kid: 'rival' })({ sub: 'x' })
    const rival = await start({ path, token, redisUrl: world.redis.url, privateKey: PEMS.RS256 })
    servers.push(rival.server)
    contenders.push(on(rival.server, rival.about, rival.workload, rival.expects))
  }
  return { contenders, servers, skipped }
}

/** jsonwebtoken knows no EdDSA. */
const SCRIPTS = [
  { name: 'Fastify, ioredis, fast-jwt: EdDSA', file: 'fastify.js', algorithm: 'EdDSA' },
  { name: 'Fastify, ioredis, fast-jwt: RS256', file: 'fastify.js', algorithm: 'RS256' },
  { name: 'Express, ioredis, jsonwebtoken: RS256', file: 'express.js', algorithm: 'RS256' },
] as const

const pemOf = ({ privateKey }: { privateKey: KeyObject }) =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const PEMS = {
  EdDSA: pemOf(generateKeyPairSync('ed25519')),
  RS256: pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
}

/** The same logins as the rivals keep them. */
async function copySessions({ redis }: World, sessions: readonly Seeded[]): Promise<void> {
  const client = new Redis(redis.url)
  const expiresAtMs = Date.now() + LIFETIME_MS
  for (const [number, { cookie }] of sessions.entries()) {
    const uid = `ID${String(number).padStart(10, '0')}`
    const session: RivalSession = {
      ...{ uid, email: `${uid.toLowerCase()}@app.example`, role: 'member', level: 3 },
      ...{ state: 'active', userAgent: USER_AGENT, expiresAtMs },
    }
    await client.set(`rival:${cookie}`, JSON.stringify(session))
  }
  client.disconnect()
}

async function loadRules({ database }: World): Promise<RivalRule[]> {
  const text = "select role, verb, path from permissions where action = 'ACCEPT' order by id"
  return database.query<RivalRule>(text)
}

/** Against the best that does all of the work, whatever it signs with. */
function figuresOf(measured: readonly Measurement[]): Figures {
  const [ours, , ...others] = measured as [Measurement, Measurement, ...Measurement[]]
  const doingAll = others.filter(({ name }) => SCRIPTS.some((script) => script.name === name))
  const ratios = doingAll.map((rival) => ratioOf(rival, ours, ({ cpuUs }) => cpuUs))
  const [best] = ratios.sort((one, other) => one.median - other.median)
  return best === undefined ? {} : { 'rival ratio': best }
}

function againstText(figures: Figures): string {
  const ratio = figures['rival ratio']
  if (ratio === undefined) return ''
  return `A core answers ${round(ratio.median)} times as many requests as with the best of them.`
}
