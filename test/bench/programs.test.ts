import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createSigner } from 'fast-jwt'
import { proveAnswer } from '../../bench/load/measure.ts'
import { PROGRAMS, type ProgramOptions } from '../../bench/rivals/programs.ts'
import { createFolder, removeFolder } from '../process/servers.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const signing = { key: pem, algorithm: 'RS256', kid: 'rival', expiresIn: 60_000 } as const
const token = createSigner(signing)({ sub: 'x', iss: 'rival' })

/**
 * Does what the real ones do with what they are started with: serves on the address that it is
 * told, and answers only to the password, or the token, that its files say is good.
 */
const STAND_IN = `#!${process.execPath}
const { createServer } = require('node:http')
const { createHash, createPublicKey, verify } = require('node:crypto')
const { readFileSync } = require('node:fs')
const after = (name) => process.argv[process.argv.indexOf(name) + 1]
const read = (url) => JSON.parse(readFileSync(url.replace('file://', ''), 'utf8'))

function proxy() {
  const [, digest] = readFileSync(after('--htpasswd-file'), 'utf8').trim().split(':')
  const [host, port] = after('--http-address').split(':')
  listen(host, port, ({ url, headers }) => {
    const given = Buffer.from((headers.authorization ?? '').slice(6), 'base64').toString()
    const sha = createHash('sha1').update(given.split(':')[1] ?? '').digest('base64')
    return url === '/oauth2/auth' && digest === '{SHA}' + sha ? { status: 202 } : { status: 401 }
  })
}

function keeper() {
  const { serve, access_rules, authenticators } = read(after('--config'))
  const [rule] = read(access_rules.repositories[0])
  const [jwk] = read(authenticators.jwt.config.jwks_urls[0]).keys
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  listen(serve.api.host, serve.api.port, ({ url, headers }) => {
    const [head, body, signature] = (headers.authorization ?? '').slice(7).split('.')
    const isKnown = url.startsWith('/decisions/') && rule.mutators[0].handler === 'id_token'
    const bytes = Buffer.from(signature ?? '', 'base64url')
    const isGood = verify('sha256', Buffer.from(head + '.' + body), key, bytes)
    return isKnown && isGood ? { status: 200, token: 'Bearer new' } : { status: 401 }
  })
}

function listen(host, port, judge) {
  createServer((request, response) => {
    const { status, token } = judge(request)
    response.writeHead(status, { 'Content-Length': 0, ...(token && { Authorization: token }) })
    response.end()
  }).listen(Number(port), host)
}

process.argv[2] === 'serve' ? keeper() : proxy()
`

let folder = ''
before(async () => {
  folder = await createFolder('stand-in')
  for (const [name, text] of [
    ['stand-in', STAND_IN],
    ['broken', `#!${process.execPath}\nconsole.error('no such option: --x'); process.exit(2)\n`],
  ] as const) {
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), 0o755)
  }
})
after(() => removeFolder(folder))

const optionsFor = (program: string): ProgramOptions => ({
  ...{ path: join(folder, program), redisUrl: 'redis://127.0.0.1:1', privateKey: pem, token },
})

describe('programs of others', () => {
  for (const [name, start] of Object.entries(PROGRAMS)) {
    test(`${name} is asked with what it was told to accept`, async () => {
      const { server, workload, expects, about } = await start(optionsFor('stand-in'))
      try {
        const contender = { ...server, name: about, workload: () => workload, expects }
        assert.ok((await proveAnswer(contender)) > 0)
      } finally {
        await server.stop()
      }
    })

    test(`${name} says what it printed where it does not start`, async () => {
      await assert.rejects(start(optionsFor('broken')), /ended with 2 .*\nno such option: --x/)
    })
  }
})
