import { describe, expect, it } from 'vitest'
import { COLOUR_MAPS } from '../../../../renderer/state/overlay.ts'
import { orientationLetters } from '../../../../renderer/viewer/geometry/letters.ts'
import { scaleBarMm, scaleBarText } from '../../../../renderer/viewer/overlay/scaleBar.ts'
import { colourAt } from '../../../../renderer/viewer/render/colourMaps.ts'

describe('orientation letters', () => {
  it.each([
    [[1, 0, 0], 'L'],
    [[-1, 0, 0], 'R'],
    [[0, -1, 0], 'A'],
    [[0, 0, -1], 'I'],
    [[0.8, -0.6, 0], 'LA'],
    [[0.6, 0, 0.8], 'SL'],
    // Less than 15 degrees off is straight.
    [[0.98, 0.2, 0], 'L'],
  ] as const)('of %s are %s', (direction, letters) => {
    expect(orientationLetters(direction)).toBe(letters)
  })
})

describe('the scale bar', () => {
  it('has a round length that fits', () => {
    expect(scaleBarMm(0.7, 800)).toBe(50)
    expect(scaleBarText(50)).toBe('5 cm')
    expect(scaleBarMm(0.05, 800)).toBe(5)
    expect(scaleBarText(5)).toBe('5 mm')
    expect(scaleBarMm(1, 90)).toBe(20)
  })
})

describe('the colours of the levels', () => {
  const luminance = ([r, g, b]: readonly number[]) => 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
  it.each(['inferno', 'viridis', 'magma', 'plasma'] as const)('get lighter all the way: %s', (map) => {
    const steps = Array.from({ length: 40 }, (_, i) => luminance(colourAt(map, i / 39)))
    expect(steps.every((value, i) => i === 0 || value > steps[i - 1]!)).toBe(true)
  })
  it.each(COLOUR_MAPS)('are seen on black and on white from the first step: %s', (map) => {
    const at = luminance(colourAt(map, 0))
    expect(at).toBeGreaterThan(15)
    expect(Math.max(...colourAt(map, 0)) - Math.min(...colourAt(map, 0))).toBeGreaterThan(60)
  })
})
