import { init } from 'echarts'

/** One bar: a ratio with its extremes, and what was promised and hoped for. */
export interface Bar {
  readonly name: string
  readonly ratio: number
  readonly min: number
  readonly max: number
  readonly mustRatio: number
  readonly aimRatio: number
}

const WIDTH = 940
const BAR_HEIGHT = 44
const MARGIN_HEIGHT = 110

/** Bars from left to right with marks, as SVG text. */
export function plotRatios(title: string, bars: readonly Bar[]): string {
  const height = MARGIN_HEIGHT + bars.length * BAR_HEIGHT
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 4, data: ['measured', 'slowest round', 'fastest round', 'must', 'aim'] },
    grid: { left: 320, right: 60, top: 44, bottom: 62 },
    xAxis: { type: 'value', min: 0, axisLabel: { formatter: '{value}×' } },
    yAxis: { type: 'category', inverse: true, data: bars.map((bar) => bar.name) },
    series: [
      {
        name: 'measured',
        type: 'bar',
        barWidth: 18,
        itemStyle: { color: '#5b8ff9' },
        label: { show: true, position: 'insideLeft', formatter: labelOf, color: '#ffffff' },
        data: bars.map((bar) => bar.ratio),
        markLine: {
          symbol: 'none',
          label: { formatter: 'as fast' },
          lineStyle: { color: '#666666' },
          data: [{ xAxis: 1 }],
        },
      },
      marks(
        'slowest round',
        'circle',
        '#1d39c4',
        bars.map((bar) => bar.min),
      ),
      marks(
        'fastest round',
        'emptyCircle',
        '#1d39c4',
        bars.map((bar) => bar.max),
      ),
      marks(
        'must',
        'triangle',
        '#d4380d',
        bars.map((bar) => bar.mustRatio),
      ),
      marks(
        'aim',
        'diamond',
        '#389e0d',
        bars.map((bar) => bar.aimRatio),
      ),
    ],
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

function labelOf(bar: { value?: unknown }): string {
  return `${Number(bar.value).toFixed(2)}×`
}

function marks(name: string, symbol: string, color: string, data: readonly number[]) {
  return {
    name,
    type: 'scatter' as const,
    symbol,
    symbolSize: 9,
    itemStyle: { color },
    data: [...data],
  }
}
