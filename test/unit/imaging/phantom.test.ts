import { describe, expect, it } from 'vitest'
import { FIELD_OF_VIEW_MM, type LesionKind, makePhantom } from '../../../main/imaging/phantom/index.ts'
import {
  type CtVolume,
  indexToPatient,
  type Vec3,
  type Volume,
  voxelCount,
} from '../../../main/imaging/volume.ts'

const COARSE: Vec3 = [4, 4, 4]
const sick = makePhantom({ seed: 3, spacing: COARSE, lesions: true })
const healthy = makePhantom({ seed: 3, spacing: COARSE, lesions: false })

/** Mean HU of the cube of half width `reach` mm around an LPS point. */
function meanAround(volume: CtVolume, point: Vec3, reach: number): number {
  const [i0, j0, k0] = point.map((mm, axis) => Math.round((mm - volume.origin[axis]) / volume.spacing[axis]))
  const n = Math.max(0, Math.round(reach / volume.spacing[0]))
  const [nx, ny] = volume.dims
  let sum = 0
  for (let k = k0 - n; k <= k0 + n; k++)
    for (let j = j0 - n; j <= j0 + n; j++)
      for (let i = i0 - n; i <= i0 + n; i++) sum += volume.voxels[i + nx * (j + ny * k)]
  return sum / (2 * n + 1) ** 3
}

function meanWhere(volume: CtVolume, truth: Volume<Uint8Array>, number: number): number {
  let sum = 0
  let count = 0
  truth.voxels.forEach((value, n) => {
    if (value !== number) return
    sum += volume.voxels[n]
    count++
  })
  return sum / count
}

/** Centre of gravity, LPS mm, of the voxels in a HU range that satisfy a condition on their position. */
function centreOf(volume: CtVolume, low: number, high: number, where: (p: Vec3) => boolean): Vec3 {
  const sum = [0, 0, 0]
  let count = 0
  let offset = 0
  for (let k = 0; k < volume.dims[2]; k++)
    for (let j = 0; j < volume.dims[1]; j++)
      for (let i = 0; i < volume.dims[0]; i++, offset++) {
        const hu = volume.voxels[offset]
        if (hu < low || hu > high) continue
        const p = indexToPatient(volume, [i, j, k])
        if (!where(p)) continue
        for (let axis = 0; axis < 3; axis++) sum[axis] += p[axis]
        count++
      }
  return [sum[0] / count, sum[1] / count, sum[2] / count]
}

describe('the grid of a phantom', () => {
  it('is centred, with identity direction, and covers the field of view at the spacing asked for', () => {
    const { dims, spacing, origin, direction, voxels } = healthy.volume
    expect(dims).toEqual(FIELD_OF_VIEW_MM.map((mm) => mm / 4))
    expect(spacing).toEqual(COARSE)
    expect(origin).toEqual([-190, -190, -158])
    expect(direction).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1])
    expect(voxels.length).toBe(voxelCount(healthy.volume))
  })

  it('covers the field of view when only the dims are given', () => {
    const { spacing } = makePhantom({ seed: 1, dims: [48, 32, 20], lesions: false }).volume
    expect(spacing).toEqual([8, 12, 16])
  })

  it('is a centred part of the field of view when dims and spacing are given', () => {
    const { volume } = makePhantom({ seed: 1, dims: [10, 8, 6], spacing: [2, 2, 5], lesions: false })
    expect(volume.dims).toEqual([10, 8, 6])
    expect(volume.origin).toEqual([-9, -7, -12.5])
  })
})

describe('the seed', () => {
  it('gives the same voxels every time', () => {
    const again = makePhantom({ seed: 3, spacing: COARSE, lesions: true })
    expect(again.volume.voxels).toEqual(sick.volume.voxels)
    expect(again.lesions).toEqual(sick.lesions)
  })

  it('gives another patient for another number', () => {
    const other = makePhantom({ seed: 4, spacing: COARSE, lesions: false }).volume.voxels
    // Not only other noise: much of the body is another tissue.
    const changed = other.filter((hu, n) => Math.abs(hu - healthy.volume.voxels[n]) > 150).length
    expect(changed / other.length).toBeGreaterThan(0.03)
  })

  it('gives the same patient and the same noise with and without lesions', () => {
    const [nx, ny, nz] = sick.volume.dims
    const nearLesion = (n: number) => {
      const [i, j, k] = [n % nx, Math.floor(n / nx) % ny, Math.floor(n / (nx * ny))]
      for (let c = Math.max(0, k - 1); c <= Math.min(nz - 1, k + 1); c++)
        for (let b = j - 1; b <= j + 1; b++)
          for (let a = i - 1; a <= i + 1; a++) if (sick.truth.voxels[a + nx * (b + ny * c)] > 0) return true
      return false
    }
    const strays: number[] = []
    sick.volume.voxels.forEach((hu, n) => {
      if (hu !== healthy.volume.voxels[n] && !nearLesion(n)) strays.push(n)
    })
    // A lesion's soft edge may reach a voxel further where another organ cuts its mask.
    expect(strays.length).toBeLessThan(40)
    expect(healthy.lesions).toEqual([])
    expect(healthy.truth.voxels.every((value) => value === 0)).toBe(true)
  })
})

describe('the anatomy, in patient coordinates', () => {
  const { volume } = healthy

  it.each([
    ['right lung', [-80, 10, 70], -1000, -600],
    ['left lung', [90, 10, 70], -1000, -600],
    ['liver on the right', [-80, 0, -70], 30, 160],
    ['air in front', [0, -180, 0], -1024, -950],
    ['air beside', [186, -150, 100], -1024, -950],
  ] as const)('has %s', (_name, point, low, high) => {
    const hu = meanAround(volume, point, 4)
    expect(hu).toBeGreaterThan(low)
    expect(hu).toBeLessThan(high)
  })

  it('has the spine behind, on the midline', () => {
    const bone = centreOf(volume, 250, 2000, ([x, , z]) => Math.abs(x) < 40 && z < -20)
    expect(bone[1]).toBeGreaterThan(40)
    expect(Math.abs(bone[0])).toBeLessThan(15)
  })

  it('has the heart to the left, between the lungs', () => {
    const heart = centreOf(
      volume,
      20,
      400,
      ([x, y, z]) => Math.abs(x) < 75 && Math.abs(y + 30) < 40 && Math.abs(z - 25) < 20,
    )
    expect(heart[0]).toBeGreaterThan(8)
  })

  it('has the lungs above the abdomen', () => {
    const lung = centreOf(volume, -950, -700, ([x, y]) => Math.abs(x) < 110 && Math.abs(y) < 70)
    expect(lung[2]).toBeGreaterThan(30)
  })

  it('keeps the body inside the field of view, from side to side and from front to back', () => {
    for (let seed = 20; seed < 32; seed++) {
      const { voxels, dims } = makePhantom({ seed, spacing: [8, 8, 16], lesions: false }).volume
      voxels.forEach((hu, n) => {
        const [i, j] = [n % dims[0], Math.floor(n / dims[0]) % dims[1]]
        if (i === 0 || i === dims[0] - 1 || j === 0) expect(hu).toBeLessThan(-350)
      })
    }
  })
})

describe('the noise', () => {
  // A patch of liver at full resolution.
  const { volume } = makePhantom({ seed: 3, dims: [160, 16, 80], spacing: [1.5, 1.5, 2], lesions: false })
  const patch: { at(i: number, j: number, k: number): number } = {
    at: (i, j, k) => volume.voxels[i + volume.dims[0] * (j + volume.dims[1] * k)],
  }
  const statistics = (di: number, dk: number) => {
    const values: [number, number][] = []
    for (let k = 8; k < 14; k++)
      for (let j = 0; j < 16; j++)
        for (let i = 22; i < 48; i++) values.push([patch.at(i, j, k), patch.at(i + di, j, k + dk)])
    const mean = values.reduce((sum, [a]) => sum + a, 0) / values.length
    const variance = values.reduce((sum, [a]) => sum + (a - mean) ** 2, 0) / values.length
    const covariance = values.reduce((sum, [a, b]) => sum + (a - mean) * (b - mean), 0) / values.length
    return { sd: Math.sqrt(variance), correlation: covariance / variance }
  }

  it('has the spread of a CT of the trunk', () => {
    expect(statistics(0, 0).sd).toBeGreaterThan(10)
    expect(statistics(0, 0).sd).toBeLessThan(32)
  })

  it('is correlated between neighbours in the slice and hardly 6 mm apart', () => {
    expect(statistics(1, 0).correlation).toBeGreaterThan(0.15)
    expect(Math.abs(statistics(4, 0).correlation)).toBeLessThan(0.15)
  })
})

describe('lesions', () => {
  it('are numbered from 1 as in the truth mask, with volume and centre of their voxels', () => {
    const { truth, lesions } = sick
    expect(lesions.length).toBeGreaterThanOrEqual(4)
    expect(lesions.map((lesion) => lesion.number)).toEqual(lesions.map((_, n) => n + 1))
    for (const lesion of lesions) {
      const count = truth.voxels.filter((value) => value === lesion.number).length
      expect(lesion.volumeMl).toBeCloseTo((count * 64) / 1000, 9)
      const near = truth.voxels.some((value, n) => {
        if (value !== lesion.number) return false
        const [nx, ny] = truth.dims
        const p = indexToPatient(truth, [n % nx, Math.floor(n / nx) % ny, Math.floor(n / (nx * ny))])
        return Math.hypot(...p.map((mm, axis) => mm - lesion.centreMm[axis])) < 40
      })
      expect(near).toBe(true)
    }
  })

  it('change the density in the way of their kind', () => {
    const change: Record<LesionKind, [number, number]> = {
      'solid lung nodule': [400, 1100],
      'ground-glass nodule': [90, 400],
      'liver metastasis': [-90, -12],
      'sclerotic bone lesion': [120, 800],
      'lytic bone lesion': [-400, -40],
      'kidney mass': [-200, 260],
      'pleural effusion': [400, 950],
      'enlarged node': [-60, 250],
    }
    const seen = new Set<LesionKind>()
    for (const seed of [2, 3, 13]) {
      const with_ = makePhantom({ seed, spacing: COARSE, lesions: true })
      const without = makePhantom({ seed, spacing: COARSE, lesions: false })
      for (const { kind, number } of with_.lesions) {
        const difference =
          meanWhere(with_.volume, with_.truth, number) - meanWhere(without.volume, with_.truth, number)
        expect(difference, `${kind}, seed ${seed}`).toBeGreaterThan(change[kind][0])
        expect(difference, `${kind}, seed ${seed}`).toBeLessThan(change[kind][1])
        seen.add(kind)
      }
    }
    expect([...seen].sort()).toEqual(Object.keys(change).sort())
  })
})
