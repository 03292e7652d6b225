import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'
import { tableOf } from '../document.ts'
import { type Setting, versionOf } from '../machine.ts'
import { driverName } from './drive.ts'
import { round } from './figures.ts'
import {
  costOf,
  instructionsAbout,
  type Measurement,
  ratioOf,
  type Spread,
  spreadOf,
} from './measure.ts'
import { serverPlace } from './place.ts'

const PACKAGES = ['uWebSockets.js', 'ioredis', 'autocannon', 'fastify', 'express'] as const

/** On what, with what, how long: the first lines of every part. */
export function settingLines(
  setting: Setting,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): string {
  const [one = 0, five = 0] = loadavg()
  const versions = PACKAGES.map((name) => `${name} ${versionOf(name)}`)
  return [
    `- ${setting.machine}; ${serverPlace}.`,
    `- Node ${setting.node} with OpenSSL ${setting.openssl}; ${versions.join(', ')}.`,
    `- ${setting.date.slice(0, 10)}: ${rounds} rounds of ${seconds} s each in turn, ` +
      `by ${driverName}; ${instructionsAbout}.`,
    `- Load average after it: ${one.toFixed(1)} (1 min), ${five.toFixed(1)} (5 min).`,
  ].join('\n')
}

export function printSpread({ median, min, max }: Spread): string {
  return `${round(median)} (${round(min)}–${round(max)})`
}

/** One row for each contender; costs against the first of them. */
export function costTable(measured: readonly Measurement[]): string {
  const [first] = measured
  const abouts = [...new Set(measured.flatMap(({ about }) => Object.keys(about)))]
  const head = ['', 'CPU µs per request', 'of it kernel', 'per second', 'p50 µs', 'p99 µs', 'cost']
  const byBytes = new Set(measured.map(({ headBytes }) => headBytes)).size > 1
  if (byBytes) head.push('head bytes')
  const rows = measured.map((one) => {
    const { name, about, samples } = one
    const medianOf = (pick: (sample: (typeof samples)[number]) => number) =>
      round(spreadOf(samples.map(pick)).median)
    const ratio = first === undefined ? undefined : ratioOf(one, first, costOf)
    return [
      name,
      printSpread(spreadOf(samples.map(({ cpuUs }) => cpuUs))),
      medianOf(({ kernelUs }) => kernelUs),
      medianOf(({ perSecond }) => perSecond),
      medianOf(({ p50Us }) => p50Us),
      medianOf(({ p99Us }) => p99Us),
      ratio === undefined ? '' : `${printSpread(ratio)}×`,
      ...(byBytes ? [String(one.headBytes)] : []),
      ...abouts.map((key) => about[key] ?? ''),
    ]
  })
  return tableOf([...head, ...abouts], rows)
}

export function writePlot(file: string, svg: string): void {
  const path = join(projectRoot, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, svg)
}
