import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import fastify from 'fastify'
import {
  acceptBodies,
  BODY_DEPTH_MAX,
  FORM_FIELDS_MAX,
  isTooDeep,
  parseFormBody,
  parseJsonBody,
} from '../../src/identity/body.ts'

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

test('depth is counted as the parsed value has it, whatever strings hold', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, depthMax) => {
      assert.equal(isTooDeep(JSON.stringify(value), depthMax), depthOf(value) > depthMax)
    }),
  )
})

test('an escaped quote does not end a string', () => {
  assert.equal(isTooDeep('{"a":"\\"[[[[["}', 1), false)
})

const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

const JSON_REFUSED = [
  { name: 'an array', text: '[]' },
  { name: 'a bare string', text: '"x"' },
  { name: 'null', text: 'null' },
  { name: 'half an object', text: '{"a":' },
  { name: 'a __proto__ key', text: '{"__proto__":{"role":"admin"}}' },
  { name: 'a constructor key deep inside', text: '{"a":{"constructor":{"prototype":{}}}}' },
  { name: 'an object one level too deep', text: nested(BODY_DEPTH_MAX + 1) },
  { name: 'fifty thousand brackets', text: `{"a":${'['.repeat(50_000)}` },
]
for (const { name, text } of JSON_REFUSED) {
  test(`a JSON body is refused: ${name}`, () => assert.equal(parseJsonBody(text), undefined))
}

test('an object of the greatest depth is read', () => {
  assert.notEqual(parseJsonBody(nested(BODY_DEPTH_MAX)), undefined)
})
test('an empty JSON body is an empty object', () => assert.deepEqual(parseJsonBody(''), {}))
test('a form is read with its percent-encoding undone', () => {
  assert.deepEqual(
    { ...parseFormBody('email=a%40b&password=p+q%2B') },
    {
      email: 'a@b',
      password: 'p q+',
    },
  )
})
test('a form that repeats a field is refused', () => {
  assert.equal(parseFormBody('email=a&email=b'), undefined)
})
test('a form with a __proto__ field is refused', () => {
  assert.equal(parseFormBody('__proto__=a'), undefined)
})
test('a form has a greatest number of fields', () => {
  const form = (count: number) => Array.from({ length: count }, (_, at) => `f${at}=1`).join('&')
  assert.equal(Object.keys(parseFormBody(form(FORM_FIELDS_MAX)) ?? {}).length, FORM_FIELDS_MAX)
  assert.equal(parseFormBody(form(FORM_FIELDS_MAX + 1)), undefined)
})

test('a server takes these two types of body and no other', async () => {
  const app = fastify()
  acceptBodies(app)
  app.post('/', async (request) => request.body)
  const send = (type: string, payload: string) =>
    app.inject({ method: 'POST', url: '/', headers: { 'content-type': type }, payload })
  assert.deepEqual((await send('application/json', '{"a":"1"}')).json(), { a: '1' })
  assert.deepEqual((await send('application/x-www-form-urlencoded', 'a=1')).json(), { a: '1' })
  assert.equal((await send('application/json', '[')).statusCode, 400)
  assert.equal((await send('text/plain', 'a=1')).statusCode, 415)
  assert.equal((await send('multipart/form-data; boundary=x', '--x--')).statusCode, 415)
  await app.close()
})
