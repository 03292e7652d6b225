/** Two workers with the node engine on one port; run as a process of its own by engine.test.ts. */
import cluster from 'node:cluster'
import { deny } from '../../src/core/verdict.ts'
import { openEngine } from '../../src/gateway/engine.ts'
import { wordNativeDeny } from '../../src/gateway/reply.ts'

const WORKERS_COUNT = 2

if (cluster.isPrimary) {
  let listeningCount = 0
  cluster.on('listening', (_worker, { port }) => {
    listeningCount++
    if (listeningCount === WORKERS_COUNT) process.send?.(port)
  })
  for (let at = 0; at < WORKERS_COUNT; at++) cluster.fork()
  process.on('disconnect', () => process.exit())
} else {
  const engine = await openEngine('node', () => undefined)
  const fallback = wordNativeDeny(deny('authz.unavailable'))
  const reply = { ...fallback, headers: [...fallback.headers, 'X-Worker', String(process.pid)] }
  await engine.listen(
    { host: '127.0.0.1', port: 0, mode: 'shared' },
    {
      accept: (_inbound, outbound) => outbound.reply(reply, false),
      fallback,
      connectionsMax: Number.POSITIVE_INFINITY,
      onCrowded: () => undefined,
      onBug: () => undefined,
    },
  )
}
