import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createSigner } from 'fast-jwt'
import { Redis } from 'ioredis'
import { askOnce } from '../load/answer.ts'
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
const COSTS = 'CPU time of the server per request'

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
      againstText(measured),
    ].join('\n\n')
    return {
      report: { ...setting, seconds, rows: measured, skipped: field.skipped, figures },
      lines: [...measured.map(describe), ...field.skipped.map((line) => `skipped: ${line}`)],
      document() {
        writePart('rivals', text, figures)
        writePlot(PLOT, plotCosts(`${COSTS}, on a logarithmic scale`, measured, 'log'))
      },
      passes: !field.hasFailed,
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
  const rsa = await world.startAuthorizer(
    'dvara, RS256',
    { DVARA_JWT_MEMO: 'false' },
    { algorithm: 'RS256' },
  )
  const repeated = JSON.stringify(await askOnce(ours.port, workload))
  const bare = await startFile('bare', new URL('../load/bare-uws.js', import.meta.url), [repeated])
  const servers: Measured[] = [ours, fresh, rsa, bare]
  const contenders: Contender[] = [
    on(ours, 'dvara, session hit, EdDSA', workload),
    on(fresh, 'dvara, session hit, fresh EdDSA', workload),
    on(rsa, 'dvara, session hit, fresh RS256 (3072 bits)', workload),
    on(bare, BARE, workload),
  ]
  const skipped: string[] = []
  for (const { name, file, algorithm } of SCRIPTS) {
    const options = { redisUrl: world.redis.url, algorithm, rules, privateKey: PEMS[algorithm] }
    const text = JSON.stringify(options satisfies RivalOptions)
    const server = await startFile(name, new URL(file, import.meta.url), [text])
    servers.push(server)
    contenders.push(on(server, name, workload))
  }
  for (const [name, isSigning] of LUA) {
    const at = { redisUrl: world.redis.url, redisPort: world.redis.port }
    const lua = await startNginxLua({ ...at, rules, privateKey: PEMS.RS256, isSigning })
    if (typeof lua === 'string') {
      skipped.push(`${name}: ${lua}`)
      continue
    }
    servers.push(lua)
    contenders.push(on(lua, name, workload, isSigning ? 'token' : 'yes'))
  }
  const programs = await openPrograms(world, given)
  return {
    contenders: [...contenders, ...programs.contenders],
    servers: [...servers, ...programs.servers],
    skipped: [...skipped, ...programs.skipped],
    hasFailed: programs.hasFailed,
  }
}

/** Those whose paths were given; one that does not start is named, and the others are measured. */
async function openPrograms({ redis }: World, given: Readonly<Record<string, string>>) {
  const contenders: Contender[] = []
  const servers: Measured[] = []
  const skipped: string[] = []
  let hasFailed = false
  for (const [name, start] of Object.entries(PROGRAMS)) {
    const path = given[name]
    if (path === undefined) {
      skipped.push(`${name}: measured where \`--rival ${name}=/path\` is given.`)
      continue
    }
    const signing = { algorithm: 'RS256', kid: 'rival', expiresIn: LIFETIME_MS } as const
    const token = createSigner({ ...signing, key: PEMS.RS256 })({ sub: 'x', iss: 'rival' })
    const options = { path, token, redisUrl: redis.url, privateKey: PEMS.RS256 }
    const rival = await start(options).catch((error: Error) => error)
    if (rival instanceof Error) {
      hasFailed = true
      skipped.push(`${name}: it did not start. ${rival.message.trim()}`)
      continue
    }
    servers.push(rival.server)
    contenders.push(on(rival.server, rival.about, rival.workload, rival.expects))
  }
  return { contenders, servers, skipped, hasFailed }
}

/** What nobody can be quicker than on our engine. */
const BARE = 'bare uWebSockets.js, the same bytes as dvara'

/** jsonwebtoken knows no EdDSA. */
const SCRIPTS = [
  { name: 'Fastify, ioredis, fast-jwt: EdDSA', file: 'fastify.js', algorithm: 'EdDSA' },
  { name: 'Fastify, ioredis, fast-jwt: RS256 (2048 bits)', file: 'fastify.js', algorithm: 'RS256' },
  {
    name: 'Express, ioredis, jsonwebtoken: RS256 (2048 bits)',
    file: 'express.js',
    algorithm: 'RS256',
  },
] as const

/** Whether a token is signed. */
const LUA = [
  ['nginx with Lua, Redis: RS256 (2048 bits)', true],
  ['nginx with Lua, Redis: no token', false],
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

/** Against the best in JavaScript, all of which do all of the work, whatever it signs with. */
function figuresOf(measured: readonly Measurement[]): Figures {
  const best = bestOf(measured, ({ name }) => SCRIPTS.some((script) => script.name === name))
  return best === undefined ? {} : { 'rival ratio': best.ratio }
}

function bestOf(measured: readonly Measurement[], isMeant: (one: Measurement) => boolean) {
  const [ours] = measured as [Measurement]
  const ratios = measured.filter(isMeant).map((rival) => ({
    name: rival.name,
    ratio: ratioOf(rival, ours, ({ cpuUs }) => cpuUs),
  }))
  return ratios.sort((one, other) => one.ratio.median - other.ratio.median)[0]
}

function ceilingText(rival: Measurement, bare: Measurement): string {
  const { median } = ratioOf(rival, bare, ({ cpuUs }) => cpuUs)
  return (
    `The bare engine, which looks at nothing and sends the same bytes, answers ${round(median)} ` +
    'times as many as that rival: no authorizer on it could do better.'
  )
}

/** Whom we beat by how much, and where we do not. */
function againstText(measured: readonly Measurement[]): string {
  const best = bestOf(measured, (one) => SCRIPTS.some(({ name }) => name === one.name))
  const isOther = ({ name }: Measurement) => !name.startsWith('dvara') && name !== BARE
  const bare = measured.find(({ name }) => name === BARE)
  const rival = measured.find(({ name }) => name === best?.name)
  const closest = bestOf(measured, isOther)
  const say = (found: typeof best) => `${round(found?.ratio.median ?? Number.NaN)} times`
  return [
    `A core of ours answers ${say(best)} as many requests as one with the best in JavaScript ` +
      `that does all of the work (${best?.name}), and ${say(closest)} as many as the closest ` +
      `of all (${closest?.name}).`,
    ...(bare === undefined || rival === undefined ? [] : [ceilingText(rival, bare)]),
    'Where we lose: an RSA signature for each answer. Our keys have 3072 bits where theirs have ' +
      '2048, and every signature is verified before it leaves. With RS256 keep the memo on: a ' +
      'session’s token is then signed once in its lifetime.',
  ].join('\n\n')
}
