import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { createMessageWriter, type MessageWriter } from '../../src/store/message-writer.ts'

const packr = new Packr({ useRecords: false })
const writer = createMessageWriter()

function written(write: (writer: MessageWriter) => void): string {
  writer.begin(1_000_000)
  write(writer)
  return writer.end().toString('hex')
}
const packed = (value: unknown) => packr.pack(value).toString('hex')

test('whole numbers are written as short as they can be, on both sides of each edge', () => {
  const edges = [0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 2 ** 31, 2 ** 32 - 1, 2 ** 32]
  const negative = [-1, -0x20, -0x21, -0x80, -0x81, -0x8000, -0x8001, -(2 ** 31)]
  for (const value of [...edges, ...negative, Number.MAX_SAFE_INTEGER, 1_700_000_000_123]) {
    assert.equal(
      written((one) => one.whole(value)),
      packed(value),
      String(value),
    )
  }
})

test('texts of every length and script are written whole', () => {
  for (const length of [0, 1, 16, 17, 31, 32, 33, 255, 256, 65_535, 65_536]) {
    for (const letter of ['a', 'ÿ', 'Ω', '語', '😀']) {
      const value = letter.repeat(length)
      const hex = written((one) => one.text(value))
      assert.equal(packr.unpack(Buffer.from(hex, 'hex')), value, `${length} of ${letter}`)
    }
  }
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (value) => {
      assert.equal(
        written((one) => one.text(value)),
        packed(value),
      )
    }),
  )
})

test('a list is its fields, one behind the other', () => {
  const hex = written(({ list, text, whole }) => {
    list(3)
    text('a')
    list(1)
    whole(2)
    whole(3)
  })
  assert.equal(hex, packed(['a', [2], 3]))
})

test('what was written before stays as it was', () => {
  const small = createMessageWriter()
  const all = Array.from({ length: 10_000 }, (_, n) => {
    small.begin(n === 5_000 ? 1_000_000 : 100)
    small.text(`text ${n}`)
    return small.end()
  })
  for (const [n, one] of all.entries()) assert.equal(packr.unpack(one), `text ${n}`)
})
