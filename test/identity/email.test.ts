import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMAIL_LENGTH_MAX, parseEmail } from '../../src/identity/email.ts'

const ACCEPTED = [
  { name: 'a plain address', text: 'john@example.com', email: 'john@example.com' },
  { name: 'any case, as lower case', text: 'JoHN@Example.COM', email: 'john@example.com' },
  { name: 'a tag, as its own address', text: 'john+x@example.com', email: 'john+x@example.com' },
  { name: 'a host without dots', text: 'admin@localhost', email: 'admin@localhost' },
  {
    name: 'an internationalised host in ASCII',
    text: 'a@xn--bcher-kva.example',
    email: 'a@xn--bcher-kva.example',
  },
]
for (const { name, text, email } of ACCEPTED) {
  test(`accepted: ${name}`, () => assert.equal(parseEmail(text), email))
}

const REFUSED = [
  { name: 'a trailing dot', text: 'john@example.com.' },
  { name: 'two at signs', text: 'john@example.com@evil.com' },
  { name: 'no at sign', text: 'john.example.com' },
  { name: 'spaces around it', text: ' john@example.com' },
  { name: 'a line break', text: 'john@example.com\nBcc: x@evil.com' },
  { name: 'a NUL', text: 'john\0@example.com' },
  { name: 'quotes', text: '"john"@example.com' },
  { name: 'a comma and a second address', text: 'john@example.com,x@evil.com' },
  { name: 'angle brackets', text: '<john@example.com>' },
  { name: 'a Kelvin sign that folds into k', text: '\u212aim@example.com' },
  { name: 'a dotted capital I', text: '\u0130@example.com' },
  { name: 'a letter composed or decomposed', text: 'josé@example.com' },
  { name: 'a full-width at sign', text: 'john＠example.com' },
  { name: 'two dots in a row', text: 'a..b@example.com' },
  { name: 'a label of 64', text: `a@${'b'.repeat(64)}.com` },
  { name: 'a label that ends in a hyphen', text: 'a@b-.com' },
]
for (const { name, text } of REFUSED) {
  test(`refused: ${name}`, () => assert.equal(parseEmail(text), undefined))
}

test('an address may have 254 characters and not 255', () => {
  const host = '@example.com'
  const at = (length: number) => `${'a'.repeat(length - host.length)}${host}`
  assert.notEqual(parseEmail(at(EMAIL_LENGTH_MAX)), undefined)
  assert.equal(parseEmail(at(EMAIL_LENGTH_MAX + 1)), undefined)
})

test('a long evil text is refused in no time', () => {
  const started = process.cpuUsage()
  parseEmail(`${'a.'.repeat(126)}@`)
  parseEmail(`a@${'a-'.repeat(125)}`)
  assert.ok(process.cpuUsage(started).user < 50_000)
})
