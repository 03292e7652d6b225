import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFramer, readFrame, toFrame } from './resp.ts'

const FRAMES: readonly [what: string, bytes: string, value: unknown, isPush: boolean][] = [
  ['a status', '+OK\r\n', 'OK', false],
  ['a number', ':-7\r\n', -7, false],
  ['text with line ends in it', '$4\r\na\r\nb\r\n', 'a\r\nb', false],
  ['nothing, in version 2', '$-1\r\n', null, false],
  ['nothing, in version 3', '_\r\n', null, false],
  ['no list', '*-1\r\n', null, false],
  ['an empty list', '*0\r\n', [], false],
  ['a list in a list', '*2\r\n*1\r\n:1\r\n$1\r\nx\r\n', [[1], 'x'], false],
  ['a map', '%1\r\n+a\r\n:1\r\n', ['a', 1], false],
  ['a message, in version 2', '*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n', undefined, true],
  ['a message, in version 3', '>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n', undefined, true],
  ['a confirmation', '>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n', ['subscribe', 'c', 1], false],
]

for (const [what, bytes, value, isPush] of FRAMES) {
  test(`one frame: ${what}`, () => {
    const [frame, ...more] = createFramer()(Buffer.from(bytes))
    assert.deepEqual([frame?.bytes.toString(), frame?.isPush, more], [bytes, isPush, []])
    if (value !== undefined) assert.deepEqual(readFrame(frame?.bytes as Buffer), value)
  })
}

test('a refusal is an error', () => {
  assert.match(String(readFrame(Buffer.from('-NOSCRIPT none\r\n'))), /NOSCRIPT none/)
})

test('whatever the pieces, the frames are the same and no byte is lost', () => {
  const stream = Buffer.from(FRAMES.map(([, bytes]) => bytes).join(''))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const take = createFramer()
      const frames = []
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] as number
        frames.push(...take(stream.subarray(at, at + size)))
        at += size
      }
      assert.deepEqual(
        frames.map((frame) => frame.bytes.toString()),
        FRAMES.map(([, bytes]) => bytes),
      )
    }),
  )
})

test('a command is a list of texts, measured in bytes', () => {
  assert.equal(toFrame(['é', 1]).toString(), '*2\r\n$2\r\né\r\n$1\r\n1\r\n')
})

test('what is no RESP is refused', () => {
  assert.throws(() => createFramer()(Buffer.from('$x\r\n')), /not RESP/)
})
