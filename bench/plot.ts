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
    grid: { left: 370, right: 40, top: 44, bottom: 62 },
    xAxis: { type: 'value', min: 0, max: endOf(bars), axisLabel: { formatter: '{value}×' } },
    yAxis: { type: 'category', inverse: true, data: bars.map(labelOf) },
    series: [
      {
        name: 'measured',
        type: 'bar',
        barWidth: 18,
        itemStyle: { color: '#5b8ff9' },
        data: bars.map((bar) => bar.ratio),
        markLine: {
          symbol: 'none',
          label: { show: false },
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
        bars.map((bar) => (bar.max <= endOf(bars) ? bar.max : null)),
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

/** A number stands beside its name, where no mark can cover it. */
function labelOf({ name, ratio }: Bar): string {
  return `${name}   ${ratio.toFixed(2)}×`
}

/**
 * Room for every median and goal. A single round that was disturbed can be a hundred times off: the
 * table names it, but the plot is not drawn to its scale.
 */
function endOf(bars: readonly Bar[]): number {
  return Math.ceil(Math.max(...bars.map(({ ratio, aimRatio }) => Math.max(ratio, aimRatio))) * 1.2)
}

function marks(name: string, symbol: string, color: string, data: readonly (number | null)[]) {
  return {
    name,
    type: 'scatter' as const,
    symbol,
    symbolSize: 9,
    itemStyle: { color },
    data: [...data],
  }
}
