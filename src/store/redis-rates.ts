import { DRAWS_MAX, RATE_NAMES_MAX, type Rates } from './rates.ts'
import type { Link } from './redis-link.ts'
import { latin, list, number } from './redis-reply.ts'

export function createRedisRates(link: Link): Rates {
  return {
    async settle(key, draws) {
      const levels: (number | undefined)[] = []
      for (let at = 0; at === 0 || at < draws.length; at += DRAWS_MAX) {
        const part = draws
          .slice(at, at + DRAWS_MAX)
          .flatMap(({ name, limit, drawn }) => [name, limit.perMs, limit.full, drawn])
        const [theirs, ...left] = list(await link.run('settle', key, RATE_NAMES_MAX, ...part))
        if (latin(theirs) !== key) return { key: latin(theirs), levels: [] }
        for (const level of left) levels.push(latin(level) === '' ? undefined : number(level))
      }
      return { key, levels }
    },
  }
}
