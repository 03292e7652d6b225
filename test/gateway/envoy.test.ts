import assert from 'node:assert/strict'
import { test } from 'node:test'
import { envoy } from '../../src/gateway/envoy.ts'
import { asked, toldOf } from './asked.ts'

const ABOUT = { method: 'POST', target: '/a', peer: '192.0.2.1' }
const CHAINS = [
  { name: 'a current Envoy adds nothing', chain: '203.0.113.9' },
  { name: 'an older one adds its own address', chain: '203.0.113.9,192.0.2.1' },
  {
    name: 'what a client claims is not taken for an entry of Envoy’s',
    chain: '6.6.6.6,203.0.113.9',
  },
  { name: 'a trusted proxy before Envoy is passed over', chain: '6.6.6.6,203.0.113.9,10.0.0.2' },
]

for (const { name, chain } of CHAINS) {
  test(name, () => {
    const lines = [
      ['Host', 'a.example'],
      ['X-Forwarded-For', chain],
    ] as const
    const told = toldOf(envoy, asked(lines, ABOUT))
    assert.ok(typeof told !== 'string')
    assert.equal(told.address.text, '203.0.113.9')
    assert.equal(`${told.method} ${told.target} ${told.host}`, 'POST /a a.example')
  })
}

test('without X-Forwarded-For on its allow-list, Envoy is misconfigured', () => {
  assert.equal(toldOf(envoy, asked([['Host', 'a.example']], ABOUT)), 'x-forwarded-for')
})
