import { describe, expect, it } from 'vitest'
import { apply, cross, dot, rotationAbout } from '../../../../main/imaging/vector.ts'
import {
  type Grid,
  IDENTITY,
  indexToPatient,
  type Mat3,
  patientToIndex,
  type Vec3,
} from '../../../../main/imaging/volume.ts'
import {
  baseFrame,
  clampToVolume,
  paneAxes,
  scrolled,
  slicePlace,
  sliceStepMm,
  voxelAt,
} from '../../../../renderer/viewer/geometry/planes.ts'

const grid = (direction: Mat3, spacing: Vec3 = [1, 1, 2.5]): Grid => ({
  dims: [40, 50, 20],
  spacing,
  origin: [-10, 20, 100],
  direction,
})
const L: Vec3 = [1, 0, 0]
const P: Vec3 = [0, 1, 0]
const S: Vec3 = [0, 0, 1]
const I: Vec3 = [0, 0, -1]
const near = (got: Vec3, wanted: Vec3) => {
  for (const a of [0, 1, 2]) expect(got[a]).toBeCloseTo(wanted[a]!, 6)
}

/** Sources as they come: straight, left-handed, feet first, coronal and sagittal acquisitions. */
const SOURCES: [string, Mat3][] = [
  ['axial, toward the head', IDENTITY],
  ['axial, toward the feet (left-handed)', [1, 0, 0, 0, 1, 0, 0, 0, -1]],
  ['prone', [-1, 0, 0, 0, -1, 0, 0, 0, 1]],
  ['NIfTI in RAS', [-1, 0, 0, 0, -1, 0, 0, 0, 1]],
  ['coronal', [1, 0, 0, 0, 0, 1, 0, -1, 0]],
  ['sagittal', [0, 0, 1, 1, 0, 0, 0, -1, 0]],
]

describe.each(SOURCES)('the planes of a source that is %s', (_name, direction) => {
  const base = baseFrame(grid(direction))
  it('axial: patient Right on the left of the screen, Anterior up, seen from the feet', () => {
    const { right, down, normal } = paneAxes('axial', base)
    near(right, L)
    near(down, P)
    near(normal, S)
  })
  it('coronal: Right on the left, Superior up, seen from the front', () => {
    const { right, down, normal } = paneAxes('coronal', base)
    near(right, L)
    near(down, I)
    near(normal, P)
  })
  it('sagittal: Anterior on the left, Superior up', () => {
    const { right, down } = paneAxes('sagittal', base)
    near(right, P)
    near(down, I)
  })
  it('has every voxel found again by its position', () => {
    const volume = grid(direction)
    near(patientToIndex(volume, indexToPatient(volume, [3, 7, 11])), [3, 7, 11])
    expect(voxelAt(volume, indexToPatient(volume, [3.4, 6.6, 11]))).toBe(3 + 40 * (7 + 50 * 11))
    expect(voxelAt(volume, indexToPatient(volume, [-1, 7, 11]))).toBe(-1)
  })
})

describe('a source that lies askew', () => {
  it('keeps its own slices up to 25 degrees, and follows the patient beyond', () => {
    const tilted = (degrees: number) => rotationAbout([1, 0, 0], (degrees * Math.PI) / 180)
    const slight = grid(tilted(8))
    near(paneAxes('axial', baseFrame(slight)).normal, apply(tilted(8), S))
    expect(baseFrame(grid(tilted(30)))).toEqual(IDENTITY)
  })
})

describe('turned planes', () => {
  const turn = rotationAbout(S, 0.4)
  it('stay still in the pane whose normal they turn about, and turn in the others', () => {
    expect(paneAxes('axial', IDENTITY, turn)).toEqual(paneAxes('axial', IDENTITY))
    expect(dot(paneAxes('coronal', IDENTITY, turn).normal, P)).toBeCloseTo(Math.cos(0.4), 9)
  })
  it('are right-angled and never mirrored', () => {
    for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
      const { right, down, normal } = paneAxes(plane, IDENTITY, rotationAbout([0.6, 0, 0.8], 1.1))
      near(cross(right, down), normal)
      expect(dot(right, down)).toBeCloseTo(0, 9)
    }
  })
})

describe('slices', () => {
  const volume = grid([1, 0, 0, 0, 1, 0, 0, 0, -1])
  it('are counted along the normal, whichever way they are stored', () => {
    const first = slicePlace(volume, S, indexToPatient(volume, [0, 0, 19]))
    expect(first).toMatchObject({ index: 0, count: 20, sourceAxis: 2, sourceIndex: 19 })
    expect(slicePlace(volume, S, indexToPatient(volume, [0, 0, 0.4])).index).toBe(19)
  })
  it('are as far apart as the source says, along each of its axes', () => {
    expect(sliceStepMm(volume, S)).toBeCloseTo(2.5, 9)
    expect(sliceStepMm(volume, L)).toBeCloseTo(1, 9)
  })
  it('lie between the spacings on oblique planes', () => {
    const oblique = slicePlace(volume, [Math.SQRT1_2, 0, Math.SQRT1_2], [0, 30, 80])
    expect(oblique.sourceAxis).toBeNull()
    expect(oblique.stepMm).toBeGreaterThan(1)
    expect(oblique.stepMm).toBeLessThan(2.5)
  })
  it('scroll by whole slices onto their centres and stop at the ends', () => {
    const from = indexToPatient(volume, [5, 5, 10.3])
    near(scrolled(volume, S, from, 1), indexToPatient(volume, [5, 5, 9]))
    near(scrolled(volume, S, from, 99), indexToPatient(volume, [5, 5, 0]))
  })
  it('keep the crosshair within the volume', () => {
    near(clampToVolume(volume, indexToPatient(volume, [-3, 4, 25])), indexToPatient(volume, [0, 4, 19]))
  })
})
