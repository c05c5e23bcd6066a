/** A closed polygon in voxel indices of a slice, x and y in turn; the last point is joined to the first. */
export type Polygon = Float64Array

/**
 * Sets `inside` to 1 at every voxel of a slice whose centre lies inside the polygons, all taken together by the
 * even-odd rule: a polygon within another cuts a hole. Scan conversion line by line (Foley et al., Computer Graphics,
 * section 3.6). A centre on an edge belongs to the polygon on its right or below, so that two side by side share none.
 * @param inside nx · ny values, x fastest; what is set in it stays
 * @param polygons may reach beyond the slice: what lies outside is not drawn
 * @returns false where a part of them does lie outside: beyond the outer edge of the outermost voxels
 */
export function fillEvenOdd(
  inside: Uint8Array,
  [nx, ny]: readonly [number, number],
  polygons: readonly Polygon[],
): boolean {
  const crossings: number[][] = Array.from({ length: ny }, () => [])
  let within = true
  for (const points of polygons) {
    for (let p = 0; p < points.length; p += 2) {
      const [x0, y0] = [points[p], points[p + 1]]
      const [x1, y1] = [points[(p + 2) % points.length], points[(p + 3) % points.length]]
      if (x0 < -0.5 || y0 < -0.5 || x0 > nx - 0.5 || y0 > ny - 0.5) within = false
      // Lines from the upper end of the edge, that included, to the lower, that excluded: each crossing counts once.
      const [top, bottom] = y0 < y1 ? [y0, y1] : [y1, y0]
      const last = Math.min(ny, Math.ceil(bottom))
      for (let y = Math.max(0, Math.ceil(top)); y < last; y++) {
        crossings[y].push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0))
      }
    }
  }
  for (const [y, at] of crossings.entries()) {
    at.sort((a, b) => a - b)
    for (let c = 0; c < at.length; c += 2) {
      const from = Math.max(0, Math.ceil(at[c]))
      const to = Math.min(nx, Math.ceil(at[c + 1]))
      if (from < to) inside.fill(1, y * nx + from, y * nx + to)
    }
  }
  return within
}
