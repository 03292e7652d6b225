import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConnectionsMax } from '../../src/gateway/open-files.ts'

const limits = (
  soft: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max file size             unlimited            unlimited            bytes
Max open files            ${soft.padEnd(20)} 524288               files
Max locked memory         8388608              8388608              bytes
`

const CASES: readonly (readonly [soft: string, connectionsMax: number])[] = [
  ['1024', 960],
  ['200', 136],
  ['100', 50],
  ['unlimited', Number.POSITIVE_INFINITY],
]

for (const [soft, connectionsMax] of CASES) {
  test(`of ${soft} open files ${connectionsMax} may be connections`, () => {
    assert.equal(
      readConnectionsMax(() => limits(soft)),
      connectionsMax,
    )
  })
}

test('a system that does not say sets no bound', () => {
  assert.equal(
    readConnectionsMax(() => ''),
    Number.POSITIVE_INFINITY,
  )
})

test('this one says, or says nothing', () => {
  assert.ok(readConnectionsMax() >= 1)
})
