import { PNG } from 'pngjs'
import { describe, expect, it } from 'vitest'
import { type Drawable, drawCase, LEVEL_COLOURS } from '../../../../main/evaluation/report/casePicture.ts'
import type { Grid, Vec3 } from '../../../../main/imaging/volume.ts'

/** Levels 0, 90, 99, 99.9 and 99.99 at scores 0 to 4. */
const CALIBRATION = { percentile: [0, 90, 99, 99.9, 99.99], score: [0, 1, 2, 3, 4] }

/** Voxels lie along patient Left, Posterior and Superior, 1 × 2 × 3 mm. */
const CANONICAL: Grid = {
  dims: [6, 4, 3],
  spacing: [1, 2, 3],
  origin: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
}

/** The same patient, stored from left to right, and slices of a coronal scan from back to front. */
const CORONAL: Grid = {
  dims: [6, 3, 4],
  spacing: [1, 3, 2],
  origin: [5, 6, 6],
  direction: [-1, 0, 0, 0, 0, -1, 0, -1, 0],
}

/** Fills a grid by the place in the patient: steps to the left, to the back and up. */
function scan(grid: Grid, of: (l: number, p: number, s: number) => Partial<Voxel>): Drawable {
  const count = grid.dims[0] * grid.dims[1] * grid.dims[2]
  const made = {
    ct: { ...grid, voxels: new Int16Array(count) },
    lesion: new Uint8Array(count),
    score: new Float32Array(count),
    scored: new Uint8Array(count).fill(1),
  }
  for (let i = 0; i < count; i++) {
    const index: Vec3 = [
      i % grid.dims[0],
      Math.floor(i / grid.dims[0]) % grid.dims[1],
      Math.floor(i / (grid.dims[0] * grid.dims[1])),
    ]
    const [l, p, s] = grid === CANONICAL ? index : [5 - index[0], 3 - index[2], 2 - index[1]]
    const voxel = of(l, p, s)
    made.ct.voxels[i] = voxel.hu ?? 0
    made.lesion[i] = voxel.lesion ? 1 : 0
    made.score[i] = voxel.score ?? 0
  }
  return made
}

interface Voxel {
  hu: number
  lesion: boolean
  score: number
}

/** Lesion voxels: one low down, two in the middle, at the patient's right and front. */
const patient = (l: number, p: number, s: number): Partial<Voxel> => ({
  hu: 100 * l + 10 * p + s - 200,
  lesion: p === 1 && ((s === 0 && l === 4) || (s === 1 && (l === 1 || l === 2))),
  score: l === 5 ? p + 0.5 : 0,
})

const grey = (base64: string) => {
  const { data } = PNG.sync.read(Buffer.from(base64, 'base64'))
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i])
}

describe('the picture of a case', () => {
  it('is the axial slice with most of the lesion, the right side on the left, the front on top', () => {
    const picture = drawCase(scan(CANONICAL, patient), CALIBRATION)
    expect(picture).toMatchObject({ width: 6, height: 4, pixelMm: [1, 2], slice: 2, slices: 3 })
    const expected = Array.from({ length: 24 }, (_, at) => {
      const hu = patient(at % 6, Math.floor(at / 6), 1).hu!
      return Math.floor(255 * Math.min(Math.max((hu - 40) / 400 + 0.5, 0), 1))
    })
    expect(grey(picture.ct)).toEqual(expected)
  })

  it('is the same however the scan was stored', () => {
    expect(drawCase(scan(CORONAL, patient), CALIBRATION)).toEqual(
      drawCase(scan(CANONICAL, patient), CALIBRATION),
    )
  })

  it('outlines the lesion along the edges of its pixels', () => {
    const { outline } = drawCase(scan(CANONICAL, patient), CALIBRATION)
    expect(outline).toBe('M1 1H3M1 2H3M1 1V2M3 1V2')
  })

  it('colours levels from 90 on, but not what has no score', () => {
    const drawable = scan(CANONICAL, patient)
    drawable.scored[5 + 6 * 3 + 24] = 0
    const { data } = PNG.sync.read(Buffer.from(drawCase(drawable, CALIBRATION).level, 'base64'))
    const pixel = (x: number, y: number) => Array.from(data.subarray(4 * (x + 6 * y), 4 * (x + 6 * y) + 4))
    expect(pixel(4, 0)).toEqual([0, 0, 0, 0])
    expect(pixel(5, 0)).toEqual([0, 0, 0, 0])
    expect(pixel(5, 1)).toEqual(LEVEL_COLOURS[0].colour)
    expect(pixel(5, 2)).toEqual(LEVEL_COLOURS[1].colour)
    expect(pixel(5, 3)).toEqual([0, 0, 0, 0])
  })

  it('is in a lung window where lung surrounds the lesion', () => {
    const inLung = (l: number, p: number, s: number) => ({ ...patient(l, p, s), hu: -850 })
    expect(drawCase(scan(CANONICAL, patient), CALIBRATION).window).toEqual({ centre: 40, width: 400 })
    expect(drawCase(scan(CANONICAL, inLung), CALIBRATION).window).toEqual({ centre: -600, width: 1500 })
  })

  it('has at most 512 pixels a side, of the size that this makes them', () => {
    const large: Grid = { ...CANONICAL, dims: [1025, 4, 1], spacing: [0.5, 0.5, 1] }
    const count = 1025 * 4
    const picture = drawCase(
      {
        ct: { ...large, voxels: new Int16Array(count) },
        lesion: new Uint8Array(count).fill(1),
        score: new Float32Array(count),
        scored: new Uint8Array(count),
      },
      CALIBRATION,
    )
    expect(picture).toMatchObject({ width: 341, height: 1, pixelMm: [1.5, 1.5] })
  })
})
