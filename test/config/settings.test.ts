import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/config/secret.ts'
import { flagOf, listSettings, SECTIONS, settings, variableOf } from '../../src/config/settings.ts'

test('names become variables and flags as a reader would guess', () => {
  const cases = [
    ['listen', 'DVARA_LISTEN', '--listen'],
    ['sessionIdleS', 'DVARA_SESSION_IDLE_S', '--session-idle-s'],
    ['argon2MemoryKiB', 'DVARA_ARGON2_MEMORY_KIB', '--argon2-memory-kib'],
    ['redisUrlFile', 'DVARA_REDIS_URL_FILE', '--redis-url-file'],
  ] as const
  for (const [name, variable, flag] of cases) {
    assert.equal(variableOf(name), variable)
    assert.equal(flagOf(name), flag)
  }
})

test('no two settings share a variable or flag, nor do the files of secrets', () => {
  const names: string[] = ['configFile']
  for (const { name, row } of listSettings()) {
    names.push(name)
    if (row.parse.isSecret) names.push(`${name}File`)
  }
  assert.equal(new Set(names.map(variableOf)).size, names.length)
  assert.equal(new Set(names.map(flagOf)).size, names.length)
})

test('every section holds its own settings and none is lost in joining', () => {
  const inSections = Object.values(SECTIONS).flatMap((rows) => Object.keys(rows))
  assert.equal(new Set(inSections).size, inSections.length)
  assert.deepEqual(inSections, Object.keys(settings))
})

for (const { name, row } of listSettings()) {
  test(`${name} is documented, read by somebody and its fallback is a value that it takes`, () => {
    assert.match(row.about, /^[A-Z].*\.$/)
    assert.ok(row.for.length > 0)
    for (const process of row.requiredBy) assert.ok(row.for.includes(process))
    if (row.fallback === undefined) return
    assert.equal(row.requiredBy.length, 0)
    assert.ok(!(row.fallback instanceof Secret), 'a secret has no default')
    const printed = row.parse.print(row.fallback)
    if (printed !== '') assert.deepEqual(row.parse.parse(printed), row.fallback)
  })

  test(`${name} says its unit where its name does`, () => {
    const units = { Ms: 'milliseconds', S: 'seconds', KiB: 'KiB' }
    const suffix = /(Ms|S|KiB)$/.exec(name)?.[1] as keyof typeof units | undefined
    if (suffix !== undefined) assert.equal(row.parse.unit, units[suffix])
  })
}
