import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hearAll } from '../../src/gateway/turns.ts'

/** Readings a turn apart: each turn lasts as long as is said. */
function clockOf(turnsUs: readonly number[]) {
  let readings = 0
  let atUs = 0
  return {
    nowUs() {
      if (readings % 2 === 1) atUs += turnsUs[(readings - 1) / 2] ?? turnsUs.at(-1) ?? 0
      readings++
      return atUs
    },
    turns: () => Math.ceil(readings / 2),
  }
}

for (const { name, turnsUs, turns } of [
  { name: 'a quiet loop is heard for two turns', turnsUs: [5], turns: 2 },
  { name: 'a busy one until a turn is short', turnsUs: [900, 800, 700, 10], turns: 4 },
  { name: 'one that is never quiet is not waited for', turnsUs: [900], turns: 50 },
]) {
  test(name, async () => {
    const clock = clockOf(turnsUs)
    await hearAll(clock.nowUs)
    assert.equal(clock.turns(), turns)
  })
}
