import { describe, expect, it } from 'vitest'
import { svgChart } from '../../../../main/evaluation/report/chart.ts'
import { frocChart } from '../../../../main/evaluation/report/curves.ts'
import type { Froc } from '../../../../main/evaluation/types.ts'

/** Of the drawing: its corners at the ends of the axes. */
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 346, 12, 316]

const UNIT = { title: 'x', from: 0, to: 1, ticks: [0, 1] }
const lines = (svg: string) => [...svg.matchAll(/class="line model" d="(.*?)"/g)].map(([, d]) => d)

describe('a chart', () => {
  it('draws values where the axes say', () => {
    const line = { className: 'model', x: [0, 0.5, 1], y: [0, 1, 1] } as const
    const svg = svgChart({
      description: 'a < b',
      x: UNIT,
      y: UNIT,
      lines: [{ ...line, x: [...line.x], y: [...line.y] }],
      legend: [],
    })
    expect(lines(svg)).toEqual([`M${LEFT} ${BOTTOM}L${(LEFT + RIGHT) / 2} ${TOP}L${RIGHT} ${TOP}`])
    expect(svg).toContain('aria-label="a &lt; b"')
  })

  it('gives each power of two the same room, and cuts off what is beyond', () => {
    const x = { title: 'x', from: 0.25, to: 4, ticks: [0.25, 1, 4], powersOfTwo: true }
    const line = { className: 'model' as const, x: [0, 0.25, 1, 4, 64], y: [1, 1, 1, 1, 1] }
    const svg = svgChart({ description: '', x, y: UNIT, lines: [line], legend: [] })
    const middle = (LEFT + RIGHT) / 2
    expect(lines(svg)).toEqual([
      `M${LEFT} ${TOP}L${LEFT} ${TOP}L${middle} ${TOP}L${RIGHT} ${TOP}L${RIGHT} ${TOP}`,
    ])
  })
})

describe('the FROC chart', () => {
  const froc: Froc = {
    lesions: 4,
    scans: 2,
    level: [99.99, 99.9, 99, 95, 90],
    falsePositivesPerScan: [0, 2, 1, 8, 0],
    sensitivity: [0, 0.25, 0.5, 0.75, 1],
    rates: [
      { falsePositivesPerScan: 1, sensitivity: { value: 0, ci: null, cases: 2 }, level: 99.99 },
      { falsePositivesPerScan: 2, sensitivity: null, level: null },
    ],
    meanSensitivity: null,
  }

  it('leaves out levels where findings have grown together, and steps up where more are allowed', () => {
    const [curve] = lines(frocChart(froc))
    const at = (count: number) => LEFT + ((Math.log2(count) + 3) / 6) * (RIGHT - LEFT)
    const y = (sensitivity: number) => BOTTOM - sensitivity * (BOTTOM - TOP)
    expect(curve).toBe(`M${LEFT} ${y(0)}H${at(2)}V${y(0.25)}H${at(8)}V${y(0.75)}`)
  })

  it('has a dot at each rate that is reached', () => {
    expect(frocChart(froc).match(/<circle/g)).toHaveLength(1)
  })
})
