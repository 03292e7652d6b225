import { createPrivateKey } from 'node:crypto'
import express from 'express'
import { Redis } from 'ioredis'
import jsonwebtoken from 'jsonwebtoken'
import type { RivalSession } from './rules.ts'
import { claimsOf, isAllowed, isUsable, LIFETIME_S, readOptions } from './rules.ts'

/** A forward-auth endpoint on Express, with the session in Redis and a token for each answer. */
function serve(): void {
  const { port, options } = readOptions()
  const redis = new Redis(options.redisUrl)
  const key = createPrivateKey(options.privateKey)
  const app = express()
  app.disable('x-powered-by')

  app.get('/authz/nginx', async (request, response) => {
    const id = /(?:^|; )dvara_session=([^;]*)/.exec(request.headers.cookie ?? '')?.[1]
    const found = id === undefined ? null : await redis.get(`rival:${id}`)
    if (found === null) {
      response.status(401).json({ errors: ['no session'] })
      return
    }
    const session = JSON.parse(found) as RivalSession
    const method = String(request.headers['x-original-method'])
    const { pathname } = new URL(String(request.headers['x-original-uri']), 'http://rival')
    if (!isUsable(session, request.headers['user-agent'])) {
      response.status(401).json({ errors: ['no session'] })
    } else if (!isAllowed(options.rules, session.role, method, pathname)) {
      response.status(403).json({ errors: ['not allowed'] })
    } else {
      const { algorithm } = options
      const signing = { algorithm, keyid: 'rival', expiresIn: LIFETIME_S }
      response
        .set('Authorization', `Bearer ${jsonwebtoken.sign(claimsOf(session), key, signing)}`)
        .set('X-Dvara-User', session.uid)
        .set('X-Dvara-Role', session.role)
        .set('Cache-Control', 'no-store')
        .end()
    }
  })
  app.listen(port, '127.0.0.1')
}

serve()
