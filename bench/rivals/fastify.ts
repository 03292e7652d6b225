import cookie from '@fastify/cookie'
import { createSigner } from 'fast-jwt'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import type { RivalSession } from './rules.ts'
import { claimsOf, isAllowed, isUsable, LIFETIME_S, readOptions } from './rules.ts'

/** A forward-auth endpoint on Fastify, with the session in Redis and a token for each answer. */
async function serve(): Promise<void> {
  const { port, options } = readOptions()
  const redis = new Redis(options.redisUrl)
  const sign = createSigner({
    ...{ key: options.privateKey, algorithm: options.algorithm, expiresIn: LIFETIME_S * 1000 },
  })
  const app = fastify()
  await app.register(cookie)

  app.get('/authz/nginx', async (request, reply) => {
    const id = request.cookies.dvara_session
    if (id === undefined) return reply.code(401).send({ errors: ['no session'] })
    const found = await redis.get(`rival:${id}`)
    if (found === null) return reply.code(401).send({ errors: ['no session'] })
    const session = JSON.parse(found) as RivalSession
    if (!isUsable(session, request.headers['user-agent'])) {
      return reply.code(401).send({ errors: ['no session'] })
    }
    const method = String(request.headers['x-original-method'])
    const { pathname } = new URL(String(request.headers['x-original-uri']), 'http://rival')
    if (!isAllowed(options.rules, session.role, method, pathname)) {
      return reply.code(403).send({ errors: ['not allowed'] })
    }
    return reply
      .header('Authorization', `Bearer ${sign(claimsOf(session))}`)
      .header('X-Dvara-User', session.uid)
      .header('X-Dvara-Role', session.role)
      .header('Cache-Control', 'no-store')
      .send()
  })
  await app.listen({ port, host: '127.0.0.1' })
}

await serve()
