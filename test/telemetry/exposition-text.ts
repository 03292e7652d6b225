import assert from 'node:assert/strict'

export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: { name: string; labels: Record<string, string>; value: number }[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/
const VALUE = /^(NaN|[+-]Inf|[+-]?([0-9]+(\.[0-9]+)?)(e[+-]?[0-9]+)?)$/

/** Prometheus text 0.0.4, strictly: throws at whatever a scraper might refuse or misread. */
export function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let current: string | undefined
  let help: [string, string] | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    if (line.startsWith('# HELP ')) {
      const name = NAME.exec(line.slice(7))?.[0] ?? assert.fail(line)
      help = [name, line.slice(8 + name.length)]
      assert.notEqual(help[1], '', `${name} has help`)
    } else if (line.startsWith('# TYPE ')) {
      const [name, type, ...more] = line.slice(7).split(' ') as [string, string]
      assert.deepEqual([more.length, help?.[0]], [0, name], line)
      assert.match(type, /^(counter|gauge|histogram|summary)$/)
      assert.ok(!families.has(name), `${name} is declared once`)
      families.set(name, { type, help: help?.[1] ?? '', samples: [] })
      current = name
    } else {
      assert.ok(!line.startsWith('#'), line)
      const sample = parseSample(line)
      const family = families.get(current ?? '') ?? assert.fail(`${line} has no family`)
      const suffix = sample.name.slice(current?.length)
      assert.ok(sample.name.startsWith(current as string), `${line} is of ${current}`)
      assert.match(
        suffix,
        family.type === 'histogram' ? /^_(bucket|sum|count)$/ : /^$|^_(sum|count)$/,
      )
      const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
      assert.ok(!seen.has(key), `${key} is given once`)
      seen.add(key)
      family.samples.push(sample)
    }
  }
  for (const [name, family] of families) assertFamily(name, family)
  return families
}

function parseSample(line: string) {
  const name = NAME.exec(line)?.[0] ?? assert.fail(line)
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const [all, label, value] = LABEL.exec(rest) ?? assert.fail(line)
      assert.ok(!Object.hasOwn(labels, label as string), line)
      labels[label as string] = value as string
      rest = rest.slice(all.length)
      assert.match(rest, /^(,(?!})|})/, line)
      if (rest.startsWith(',')) rest = rest.slice(1)
    }
    rest = rest.slice(1)
  }
  assert.match(rest.slice(1), VALUE, line)
  assert.equal(rest[0], ' ', line)
  return { name, labels, value: Number(rest.slice(1).replace('Inf', 'Infinity')) }
}

function assertFamily(name: string, { type, samples }: Family): void {
  assert.equal(name.endsWith('_total'), type === 'counter', `${name}: only counters end in _total`)
  if (type === 'counter') for (const { value } of samples) assert.ok(value >= 0, name)
  if (type !== 'histogram') return
  const buckets = new Map<string, { le: number; value: number }[]>()
  for (const { name: own, labels, value } of samples) {
    const { le, ...others } = labels
    const key = JSON.stringify(others)
    if (own.endsWith('_bucket')) {
      const bound = Number((le ?? assert.fail(own)).replace('Inf', 'Infinity'))
      buckets.set(key, [...(buckets.get(key) ?? []), { le: bound, value }])
    } else if (own.endsWith('_count')) {
      const last = buckets.get(key)?.at(-1)
      assert.deepEqual(last, { le: Number.POSITIVE_INFINITY, value }, `${name}: +Inf is the count`)
    }
  }
  for (const row of buckets.values()) {
    for (const [at, bucket] of row.entries()) {
      const next = row[at + 1]
      if (next !== undefined) assert.ok(next.le > bucket.le && next.value >= bucket.value, name)
    }
  }
}
