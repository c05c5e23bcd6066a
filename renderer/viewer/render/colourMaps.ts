import {
  interpolateInferno,
  interpolateMagma,
  interpolatePlasma,
  interpolateTurbo,
  interpolateViridis,
} from 'd3-scale-chromatic'
import type { ColourMap } from '../../state/overlay.ts'

type Rgb = readonly [number, number, number]

/** d3 gives `#rrggbb` or `rgb(r, g, b)`. */
function parse(colour: string): Rgb {
  const parts = colour.startsWith('#')
    ? [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
    : (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)
  return [parts[0]!, parts[1]!, parts[2]!]
}

/** MATLAB's jet, kept because many expect it. */
function jet(t: number): Rgb {
  const wave = (centre: number) => Math.min(Math.max(0, 1.5 - Math.abs(4 * t - centre)), 1) * 255
  return [wave(3), wave(2), wave(1)]
}

/** The part of each map that is used: what is nearly black, as the foot of inferno is, would be lost on a CT. */
const MAPS: Readonly<Record<ColourMap, { at: (t: number) => Rgb; from: number; to: number }>> = {
  inferno: { at: (t) => parse(interpolateInferno(t)), from: 0.35, to: 1 },
  viridis: { at: (t) => parse(interpolateViridis(t)), from: 0.15, to: 1 },
  magma: { at: (t) => parse(interpolateMagma(t)), from: 0.35, to: 1 },
  plasma: { at: (t) => parse(interpolatePlasma(t)), from: 0.1, to: 1 },
  turbo: { at: (t) => parse(interpolateTurbo(t)), from: 0.1, to: 0.98 },
  jet: { at: jet, from: 0.12, to: 0.95 },
}

const STOPS = 32
const kept = new Map<ColourMap, readonly string[]>()

/** CSS colours of a map, evenly from its lowest to its highest; a gradient of them differs from it nowhere that is seen. */
export function cssStops(map: ColourMap): readonly string[] {
  let stops = kept.get(map)
  if (!stops) {
    stops = Array.from({ length: STOPS }, (_, i) => `rgb(${colourAt(map, i / (STOPS - 1)).join(' ')})`)
    kept.set(map, stops)
  }
  return stops
}

/** A gradient of a map from one point of a canvas, where the lowest is, to another. */
export function mapGradient(
  context: CanvasRenderingContext2D,
  map: ColourMap,
  from: readonly [number, number],
  to: readonly [number, number],
): CanvasGradient {
  const gradient = context.createLinearGradient(...from, ...to)
  cssStops(map).forEach((colour, i, all) => {
    gradient.addColorStop(i / (all.length - 1), colour)
  })
  return gradient
}

/** Colour (0–255 each) of a part 0–1 of the way from the lowest threshold step to the highest. */
export function colourAt(map: ColourMap, part: number): Rgb {
  const { at, from, to } = MAPS[map]
  return at(from + (to - from) * Math.min(Math.max(0, part), 1))
}
