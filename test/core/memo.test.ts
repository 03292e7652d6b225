import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemo, createTexts } from '../../src/core/memo.ts'

test('what is remembered of a text is what would be made of it now', () => {
  const make = (text: string) => (text.startsWith('x') ? undefined : `${text.length} ${text}`)
  const texts = fc.array(fc.string({ maxLength: 6 }), { maxLength: 60 })
  fc.assert(
    fc.property(texts, (asked) => {
      const recall = createMemo(4, make)
      for (const text of asked) assert.equal(recall(text), make(text))
    }),
  )
})

test('the same text is made once, and another in its place takes its turn', () => {
  let made = 0
  const recall = createMemo(1, (text) => {
    made++
    return { text }
  })
  assert.equal(recall('a'), recall('a'))
  assert.equal(made, 1)
  recall('b')
  recall('a')
  assert.equal(made, 3)
})

test('what is too long, empty or made nothing of is not remembered', () => {
  for (const text of ['', 'x'.repeat(513), 'refused']) {
    let made = 0
    const recall = createMemo(8, () => {
      made++
      return text === 'refused' ? undefined : made
    })
    recall(text)
    recall(text)
    assert.equal(made, 2)
  }
})

test('an equal text gives the one that was there before', () => {
  const texts = createTexts(8)
  for (const text of ['agent', '', 'a', 'é'.repeat(600)]) assert.equal(texts(text), text)
})
