import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { watchDeaths } from './deaths.ts'

function serverOf(name: string, outcome: number | NodeJS.Signals) {
  const logs = () => 'TypeError: its last words'
  return { server: { name, pid: 1, ended: async () => outcome, logs } }
}

test('who ends by itself is told with its last words', async () => {
  const deaths = watchDeaths({ workers: [], identities: [serverOf('identity 1', 1)] })
  await pause(1)
  assert.match(deaths.first() ?? '', /^identity 1 ended by itself with 1:\nTypeError/)
  deaths.close()
})

test('who is killed, or ends when told to, is not', async () => {
  const workers = [serverOf('killed', 'SIGKILL'), serverOf('stopped', 0)]
  const deaths = watchDeaths({ workers, identities: [] })
  await pause(1)
  assert.equal(deaths.first(), undefined)
  deaths.close()
})

test('a process in the place of one that was killed is watched too', async () => {
  const { server } = serverOf('again', 'SIGKILL')
  const deaths = watchDeaths({ workers: [{ server }], identities: [] })
  await pause(1)
  server.pid = 2
  server.ended = async () => 7
  await pause(300)
  assert.match(deaths.first() ?? '', /^again ended by itself with 7/)
  deaths.close()
})
