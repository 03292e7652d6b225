import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReporter, type GatewayEvent, REPORT_EVERY_US } from '../../src/gateway/event.ts'

test('one event of a kind and dialect is reported a second; the rest are counted', () => {
  let atUs = 5
  const reported: [GatewayEvent, number][] = []
  const report = createReporter(
    (event, skippedCount) => reported.push([event, skippedCount]),
    () => atUs,
  )
  const nginx: GatewayEvent = { kind: 'malformed_check', dialect: 'nginx', about: 'host' }
  const caddy: GatewayEvent = { kind: 'malformed_check', dialect: 'caddy', about: 'host' }
  const bug: GatewayEvent = { kind: 'bug', cause: 1 }

  for (const event of [nginx, nginx, nginx, caddy, bug]) report(event)
  assert.deepEqual(reported, [
    [nginx, 0],
    [caddy, 0],
    [bug, 0],
  ])
  atUs += REPORT_EVERY_US - 1
  report(nginx)
  assert.equal(reported.length, 3)
  atUs += 1
  report(nginx)
  report(nginx)
  assert.deepEqual(reported.slice(3), [[nginx, 3]])
})
