import { DIALECT_NAMES } from '../../../src/core/check.ts'
import type { World } from '../../reference/world.ts'
import type { Dice } from '../dice.ts'
import type { Question } from './case.ts'
import {
  drawInstant,
  drawMethod,
  drawTarget,
  HARMLESS_LINES,
  HOSTS,
  putOddity,
  RESERVED_LINES,
} from './draw-question.ts'
import { drawAddress } from './draw-world.ts'

/**
 * The same question with one thing of it changed, through whatever gateway: what a signature does
 * not cover, what a cache remembers too long and what an order of checks hides shows beside it.
 */
export function vary(dice: Dice, world: World, question: Question): Question {
  const dialect = dice.pick(DIALECT_NAMES)
  const { method, target, host, client, lines, atMs } = question
  switch (dice.below(12)) {
    case 0:
    case 1:
      return { dialect, method: drawMethod(dice), target, host, client, lines, atMs }
    case 2:
      return { dialect, method, target: drawTarget(dice, world), host, client, lines, atMs }
    case 3:
      return { dialect, method, target, host, client: drawAddress(dice), lines, atMs }
    case 4: {
      const instant = drawInstant(dice, dice.pick(world.sessions))
      return { dialect, method, target, host, client, lines, atMs: instant }
    }
    case 5: {
      const instant = atMs + dice.pick([1, -1, 999, 1000, 4999, 5000, -5000, 60_000])
      return { dialect, method, target, host, client, lines, atMs: instant }
    }
    case 6: {
      const fewer = lines.toSpliced(dice.below(lines.length), 1)
      return { dialect, method, target, host, client, lines: fewer, atMs }
    }
    case 7: {
      const more = dice.once(3)
        ? dice.pick(RESERVED_LINES)
        : dice.pick([...lines, ...HARMLESS_LINES])
      return { dialect, method, target, host, client, lines: [...lines, more], atMs }
    }
    case 8:
      return {
        dialect,
        method,
        target: dice.once(3) ? putOddity(dice, target) : target,
        host,
        client,
        lines,
        atMs,
      }
    case 9:
      return {
        dialect,
        method,
        target,
        host: dice.once(2) ? dice.pick(HOSTS) : host,
        client,
        lines,
        atMs,
      }
    default:
      return { dialect, method, target, host, client, lines, atMs }
  }
}
