import assert from 'node:assert/strict'
import test from 'node:test'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { bytesOf, inverseOf, mod, numberOf, ORDER, PRIME } from './p256-fixture.ts'
import { createDice } from './wasm-fixture.ts'

const CASES_COUNT = 100_000

const MODULI = [
  { name: '2^255 − 19', entry: 'gcdInvert25519', modulus: 2n ** 255n - 19n },
  { name: 'the prime of P-256', entry: 'gcdInvertP', modulus: PRIME },
  { name: 'the order of P-256', entry: 'gcdInvertN', modulus: ORDER },
]

const { bytes, parametersAt, outputAt, entry } = createWasmInstance()

function invertBy(name: string): (value: bigint) => bigint {
  const invert = entry(name)
  return (value) => {
    bytes.set(bytesOf(value).reverse(), parametersAt)
    invert(outputAt, parametersAt)
    return numberOf(Buffer.from(bytes.subarray(outputAt, outputAt + 32)).reverse())
  }
}

for (const { name, entry: exported, modulus } of MODULI) {
  const invert = invertBy(exported)

  test(`inverses mod ${name} at the edges`, () => {
    assert.equal(invert(0n), 0n)
    const edges = [1n, 2n, 3n, modulus - 1n, modulus - 2n, (modulus - 1n) / 2n, (modulus + 1n) / 2n]
    for (let bit = 0n; bit < 255n; bit++) edges.push(2n ** bit, 2n ** bit - 1n, modulus - 2n ** bit)
    for (const value of edges) {
      if (value > 0n) assert.equal(invert(value), inverseOf(value, modulus), value.toString(16))
    }
  })

  test(`a hundred thousand random numbers times their inverses mod ${name} are one`, () => {
    const dice = createDice(Number(modulus & 0xffffffffn))
    for (let done = 0; done < CASES_COUNT; done++) {
      const value = mod(numberOf(dice.bytes(32)), modulus)
      const inverse = invert(value)
      if (inverse >= modulus || (value * inverse) % modulus !== 1n) {
        assert.fail(`The inverse of ${value} came out as ${inverse}.`)
      }
    }
  })
}

test('two inversions at once are each of them alone', () => {
  const [invertP, invertN] = [invertBy('gcdInvertP'), invertBy('gcdInvertN')]
  const invertBoth = entry('gcdInvertBoth')
  const read = (at: number) => numberOf(Buffer.from(bytes.subarray(at, at + 32)).reverse())
  const dice = createDice(0xb07)
  for (let done = 0; done < CASES_COUNT / 4; done++) {
    // Zero, one and what is next to the moduli beside random numbers on the other side.
    const [p, n] = [edgeOr(dice.below(20), PRIME), edgeOr(dice.below(20), ORDER)]
    const [first, second] = [p ?? numberOf(dice.bytes(31)), n ?? numberOf(dice.bytes(31))]
    const expected = [invertP(first), invertN(second)]
    bytes.set(bytesOf(first).reverse(), parametersAt)
    bytes.set(bytesOf(second).reverse(), parametersAt + 32)
    invertBoth(outputAt, parametersAt, outputAt + 32, parametersAt + 32)
    assert.deepEqual([read(outputAt), read(outputAt + 32)], expected)
  }
})

function edgeOr(roll: number, modulus: bigint): bigint | undefined {
  return [0n, 1n, modulus - 1n, modulus - 2n][roll]
}
