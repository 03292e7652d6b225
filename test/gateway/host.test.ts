import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHost } from '../../src/gateway/host.ts'

const CASES: { text: string; expect: string | undefined }[] = [
  { text: '', expect: '' },
  { text: 'app.example.com', expect: 'app.example.com' },
  { text: 'APP.Example.Com', expect: 'app.example.com' },
  { text: 'app.example.com.', expect: 'app.example.com' },
  { text: 'app.example.com:443', expect: 'app.example.com' },
  { text: 'App.example.com.:443', expect: 'app.example.com' },
  { text: 'app.example.com:', expect: 'app.example.com' },
  { text: 'my_service:80', expect: 'my_service' },
  { text: '127.0.0.1:9090', expect: '127.0.0.1' },
  { text: '[::1]', expect: '[::1]' },
  { text: '[2001:DB8::1]:443', expect: '[2001:db8::1]' },
  { text: 'xn--bcher-kva.example', expect: 'xn--bcher-kva.example' },
  { text: 'bücher.example', expect: undefined },
  { text: 'K.example', expect: 'k.example' },
  { text: '\u212a.example', expect: undefined },
  { text: 'a..b', expect: undefined },
  { text: '.a', expect: undefined },
  { text: 'a/b', expect: undefined },
  { text: 'a@b', expect: undefined },
  { text: 'a b', expect: undefined },
  { text: 'a, b', expect: undefined },
  { text: 'a\0b', expect: undefined },
  { text: 'a:443:80', expect: undefined },
  { text: 'a:x', expect: undefined },
  { text: 'a:123456', expect: undefined },
  { text: '::1', expect: undefined },
  { text: '[::1', expect: undefined },
  { text: '.', expect: undefined },
  { text: ':80', expect: undefined },
  { text: 'a'.repeat(270), expect: 'a'.repeat(270) },
  { text: 'a'.repeat(271), expect: undefined },
]

for (const { text, expect } of CASES) {
  test(`${JSON.stringify(text.slice(0, 40))} is ${JSON.stringify(expect?.slice(0, 40))}`, () => {
    assert.equal(readHost(text), expect)
  })
}

test('a long row of dots or dashes is refused or read without delay', () => {
  const startMs = performance.now()
  for (let at = 0; at < 1000; at++) readHost(`${'a-.'.repeat(89)}!`)
  assert.ok(performance.now() - startMs < 500)
})
