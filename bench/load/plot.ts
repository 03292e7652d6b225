import { init } from 'echarts'
import { type Measurement, spreadOf } from './measure.ts'

const WIDTH = 940
const BAR_HEIGHT = 36
/** Of a label's characters, none of which shall be cut off. */
const CHARACTER_WIDTH = 7

/** CPU time per request, one bar each, with the quickest and the slowest round; SVG text. */
export function plotCosts(
  title: string,
  measured: readonly Measurement[],
  scale: 'value' | 'log' = 'value',
): string {
  const spreads = measured.map(({ samples }) => spreadOf(samples.map(({ cpuUs }) => cpuUs)))
  const labels = measured.map(({ name }, at) => `${name}   ${spreads[at]?.median.toFixed(1)} µs`)
  const left = Math.max(...labels.map(({ length }) => length)) * CHARACTER_WIDTH
  return draw(120 + measured.length * BAR_HEIGHT, {
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 4 },
    grid: { left, right: 40, top: 44, bottom: 62 },
    xAxis: { type: scale, min: scale === 'log' ? 1 : 0, axisLabel: { formatter: '{value} µs' } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: labels,
    },
    series: [
      bar(
        'median',
        spreads.map(({ median }) => median),
      ),
      marks(
        'quickest round',
        'circle',
        spreads.map(({ min }) => min),
      ),
      marks(
        'slowest round',
        'emptyCircle',
        spreads.map(({ max }) => max),
      ),
    ],
  })
}

export interface Curve {
  readonly name: string
  /** How many of what, and the cost against the least of them. */
  readonly points: readonly (readonly [number, number])[]
}

/** How cost grows with what grows, all against their own beginning; SVG text. */
export function plotGrowth(title: string, curves: readonly Curve[]): string {
  return draw(380, {
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 4 },
    grid: { left: 60, right: 40, top: 44, bottom: 62 },
    xAxis: { type: 'log', min: 1, axisLabel: { formatter: (value: number) => power(value) } },
    yAxis: { type: 'value', min: 0, axisLabel: { formatter: '{value}×' } },
    series: curves.map(({ name, points }) => ({
      ...{ name, type: 'line', symbolSize: 8 },
      data: points.map(([count, ratio]) => [Math.max(1, count), ratio]),
    })),
  })
}

function draw(height: number, option: object): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  chart.setOption({ animation: false, backgroundColor: '#ffffff', ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

function power(value: number): string {
  return value < 1000 ? String(value) : `10^${Math.round(Math.log10(value))}`
}

function bar(name: string, data: readonly number[]) {
  return { name, type: 'bar', barWidth: 16, itemStyle: { color: '#5b8ff9' }, data: [...data] }
}

function marks(name: string, symbol: string, data: readonly number[]) {
  const itemStyle = { color: '#1d39c4' }
  return { name, type: 'scatter', symbol, symbolSize: 8, itemStyle, data: [...data] }
}
