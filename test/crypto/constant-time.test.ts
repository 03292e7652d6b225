import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { Region } from './constant-time.ts'
import { followSecrets } from './constant-time.ts'
import { readLayout } from './wasm-fixture.ts'

const text = readFileSync(new URL('../../wasm/dvara.wat', import.meta.url), 'utf8')
const layout = readLayout()

/** Every export that touches a key, a nonce or a MAC. */
const SECRET_EXPORTS = [
  'blakePrepare',
  'blakeSign',
  'blakeSignText',
  'blakeVerify',
  'blakeVerifyText',
  'edSign',
  'edSignForget',
  'edSignMany',
  'edSignPrepare',
  'hmacPrepare',
  'hmacSign',
  'hmacVerify',
  'hmacVerifyHex',
  'jwtEdSign',
  'jwtEdSignMany',
  'macForget',
  'sha256',
  'sha512',
]

function at(name: string): number {
  const address = layout[name]
  assert.ok(address !== undefined, `layout.ts has no ${name}`)
  return address
}

/** The map, region by region, up to the tables; what lies in a public one is no secret. */
function regionsOf(): Region[] {
  const bounds: [name: string, isPublic: boolean][] = [
    ['MESSAGES', false],
    ['OUTPUT', false],
    // Keys are moved from here as a whole; what is read as a number is a length.
    ['PARAMETERS', true],
    ['MAC_SLOTS', false],
    ['ED_SIGN_SLOTS', false],
    ['JWT_HEADS', true],
    ['SCRATCH', false],
    ['ED_COMB', true],
    ['ED_SLICED', true],
    ['ED_BASE', true],
    ['P256_BASE', false],
    ['P256_END', true],
  ]
  const regions = bounds.map(([name, isPublic], index) => {
    const next = bounds[index + 1]
    return { name, isPublic, from: at(name), to: next ? at(next[0]) : Number.MAX_SAFE_INTEGER }
  })
  const constants = { name: 'STATIC', isPublic: true, from: 1024, to: at('STATIC_END') }
  return [constants, ...regions]
}

const report = followSecrets(text, regionsOf(), SECRET_EXPORTS)

test('no branch, no select, no address and no length depends on a secret', () => {
  assert.deepEqual(report.findings, [])
})

test('secrets were followed through the hashes, the field, the scalars and both searches', () => {
  for (const name of [
    'generated/sha256/sha256Blocks',
    'generated/sha512/sha512Blocks',
    'generated/blake3/blake3Block',
    'generated/ed25519-field/mul',
    'generated/ed25519-scalar/scalarMulAdd',
    'generated/ed25519-scalar/scalarHalve',
    'generated/ed25519-slices/selectGroup',
    'ed25519-select/selectOne',
    'gcd/gcdInvert25519',
  ]) {
    assert.ok(report.reached.includes(`$wasm/assembly/${name}`), name)
  }
})

test('a secret becomes a flag only in a verdict or in a check of the arithmetic', () => {
  assert.deepEqual(
    report.flags.map((name) => name.replace('$wasm/assembly/', '')),
    [
      'ed25519-curve/isOnCurve',
      'ed25519-invert/invertPair',
      'mac/blakeVerify',
      'mac/blakeVerifyText',
      'mac/hmacVerify',
      'mac/hmacVerifyHex',
    ],
  )
})

/** A module of one function over secret memory at 4096 and public memory at 0. */
function findingsOf(body: string): readonly string[] {
  const lines = body
    .trim()
    .split('\n')
    .map((line) => `  ${line.trim()}`)
  const module = [
    '(module',
    ' (export "f" (func $f))',
    ' (func $f (param $0 i32) (result i32)',
    '  (local $1 i32)',
    ...lines,
    ' )',
    ')',
  ].join('\n')
  const regions = [
    { name: 'PUBLIC', isPublic: true, from: 1, to: 4096 },
    { name: 'SECRET', isPublic: false, from: 4096, to: 8192 },
  ]
  return followSecrets(module, regions, ['f']).findings
}

const CASES = [
  {
    name: 'a branch on a parameter is none of our business',
    body: 'local.get $0\nif\nend\ni32.const 0',
    findings: [],
  },
  {
    name: 'a branch on a secret is found',
    body: 'i32.const 4096\ni32.load\nif\nend\ni32.const 0',
    findings: ['$f: if'],
  },
  {
    name: 'a branch on public memory is not',
    body: 'i32.const 100\ni32.load\nif\nend\ni32.const 0',
    findings: [],
  },
  {
    name: 'a branch on what a secret was mixed into is found',
    body: 'i32.const 4096\ni32.load\nlocal.get $0\ni32.xor\nlocal.tee $1\nif\nend\nlocal.get $1',
    findings: ['$f: if'],
  },
  {
    name: 'a local that was overwritten with a public value is public again',
    body: `i32.const 4096
      i32.load
      local.set $1
      i32.const 1
      local.set $1
      local.get $1
      if
      end
      i32.const 0`,
    findings: [],
  },
  {
    name: 'a secret that reaches a branch the second time round a loop is found',
    body: `loop $l
      local.get $1
      if
      end
      i32.const 4096
      i32.load
      local.set $1
      local.get $0
      br_if $l
    end
    i32.const 0`,
    findings: ['$f: if'],
  },
  {
    name: 'an address with a secret in it is found, though it points at a public table',
    body: 'i32.const 4096\ni32.load\ni32.const 100\ni32.add\ni32.load',
    findings: ['$f: i32.load from a secret address'],
  },
  {
    name: 'a secret stored at a public address is fine, at a secret one it is found',
    body: 'i32.const 4096\ni32.load\nlocal.tee $1\nlocal.get $1\ni32.store\ni32.const 0',
    findings: ['$f: i32.store at a secret address'],
  },
  {
    name: 'a select is found whatever it selects by',
    body: 'local.get $0\nlocal.get $0\nlocal.get $0\nselect',
    findings: ['$f: select'],
  },
  {
    name: 'a length of a fill that is secret is found',
    body: 'i32.const 4096\ni32.const 0\ni32.const 4096\ni32.load\nmemory.fill\ni32.const 0',
    findings: ['$f: memory.fill of a secret length'],
  },
  {
    name: 'memory whose address is only a parameter is taken for secret',
    body: 'local.get $0\ni32.load\nif\nend\ni32.const 0',
    findings: ['$f: if'],
  },
  {
    name: 'a secret that leaves a block by a branch is followed',
    body: `block $b
      i32.const 4096
      i32.load
      local.set $1
      br $b
    end
    local.get $1
    if
    end
    i32.const 0`,
    findings: ['$f: if'],
  },
]

for (const { name, body, findings } of CASES) {
  test(`the method itself: ${name}`, () => assert.deepEqual(findingsOf(body), findings))
}
