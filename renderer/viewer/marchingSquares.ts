/** Samples of a field on a regular grid of a pane: sample (i, j) lies at CSS pixel (x0 + i · step, y0 + j · step). */
export interface Samples {
  values: Float32Array
  width: number
  height: number
  x0: number
  y0: number
  step: number
}

/** What a contour is drawn with: a Path2D, or a list in a test. */
export interface Pen {
  moveTo(x: number, y: number): void
  lineTo(x: number, y: number): void
}

/**
 * The lines where a sampled field has a value, by marching squares with linear interpolation (Lorensen and Cline 1987
 * in two dimensions); saddles are resolved by the mean of the corners. Each cell's line is drawn by itself.
 */
export function isoline({ values, width, height, x0, y0, step }: Samples, level: number, pen: Pen): void {
  for (let j = 0; j + 1 < height; j++) {
    for (let i = 0; i + 1 < width; i++) {
      const at = i + width * j
      const a = values[at]!
      const b = values[at + 1]!
      const c = values[at + width + 1]!
      const d = values[at + width]!
      const kind = (a >= level ? 1 : 0) | (b >= level ? 2 : 0) | (c >= level ? 4 : 0) | (d >= level ? 8 : 0)
      if (kind === 0 || kind === 15) continue
      const x = x0 + i * step
      const y = y0 + j * step
      const top = () => [x + (step * (level - a)) / (b - a), y] as const
      const right = () => [x + step, y + (step * (level - b)) / (c - b)] as const
      const bottom = () => [x + (step * (level - d)) / (c - d), y + step] as const
      const left = () => [x, y + (step * (level - a)) / (d - a)] as const
      const line = (from: () => readonly [number, number], to: () => readonly [number, number]) => {
        pen.moveTo(...from())
        pen.lineTo(...to())
      }
      const joined = (a + b + c + d) / 4 >= level
      if (kind === 1 || kind === 14) line(left, top)
      else if (kind === 2 || kind === 13) line(top, right)
      else if (kind === 4 || kind === 11) line(right, bottom)
      else if (kind === 8 || kind === 7) line(bottom, left)
      else if (kind === 3 || kind === 12) line(left, right)
      else if (kind === 6 || kind === 9) line(top, bottom)
      else if ((kind === 5) === joined) {
        line(left, bottom)
        line(top, right)
      } else {
        line(left, top)
        line(bottom, right)
      }
    }
  }
}
