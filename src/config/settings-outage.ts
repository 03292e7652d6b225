import { oneOf } from './parsers.ts'
import { setting } from './setting.ts'

export const outages = {
  secondLease: setting({
    about:
      'What an authorizer goes by while Redis is away: off = nothing, it refuses when its lease ' +
      'is over; postgres = it asks Postgres what has changed, and goes on with the sessions that ' +
      'it remembers. See docs/without-redis.md.',
    parse: oneOf(['off', 'postgres']),
    fallback: 'off',
    for: ['dev', 'authorizer'],
  }),
}
