import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bodyProfile } from '../../../main/findings/bodyProfile.ts'
import { type BodyProfile, describeLocation } from '../../../main/findings/location.ts'
import { openCt } from '../../../main/imaging/open.ts'
import { makePhantom, type Phantom } from '../../../main/imaging/phantom/index.ts'
import { type CtVolume, IDENTITY, type Mat3, type Vec3, voxelCount } from '../../../main/imaging/volume.ts'
import { SHARED } from '../imaging/readerFixtures.ts'

function profileOf(volume: CtVolume): BodyProfile {
  const slice = volume.dims[0] * volume.dims[1]
  return bodyProfile(volume, (k) => volume.voxels.subarray(k * slice, (k + 1) * slice))
}

/** A volume of air in which `hu` says what lies at a position (LPS mm), with 4 mm voxels about the origin. */
function drawn(sizeMm: Vec3, hu: (l: number, p: number, s: number) => number): CtVolume {
  const dims = sizeMm.map((mm) => Math.round(mm / 4)) as unknown as Vec3
  const origin = sizeMm.map((mm) => -mm / 2 + 2) as unknown as Vec3
  const voxels = new Int16Array(voxelCount({ dims }))
  for (let z = 0, o = 0; z < dims[2]; z++)
    for (let y = 0; y < dims[1]; y++)
      for (let x = 0; x < dims[0]; x++, o++)
        voxels[o] = hu(origin[0] + 4 * x, origin[1] + 4 * y, origin[2] + 4 * z)
  return { dims, spacing: [4, 4, 4], origin, direction: IDENTITY, voxels }
}

const inEllipse = (l: number, p: number, halfL: number, halfP: number) =>
  (l / halfL) ** 2 + (p / halfP) ** 2 < 1

/** A trunk 340 mm wide and 240 mm deep, with something inside. */
const trunk = (inside: (l: number, p: number, s: number) => number) =>
  drawn([400, 400, 160], (l, p, s) => (inEllipse(l, p, 170, 120) ? inside(l, p, s) : -1000))

/** The same voxels of the same patient, stored with other axes: new axis a is old axis axes[a], turned round or not. */
function stored(volume: CtVolume, axes: Vec3, flips: readonly boolean[]): CtVolume {
  const dims = axes.map((a) => volume.dims[a]) as unknown as Vec3
  const spacing = axes.map((a) => volume.spacing[a]) as unknown as Vec3
  const stride = [1, volume.dims[0], volume.dims[0] * volume.dims[1]]
  const direction = new Array<number>(9).fill(0)
  const origin = [...volume.origin] as [number, number, number]
  axes.forEach((a, column) => {
    direction[3 * a + column] = flips[column] ? -1 : 1
    if (flips[column]) origin[a] += (volume.dims[a] - 1) * volume.spacing[a]
  })
  const voxels = new Int16Array(volume.voxels.length)
  const at = (i: number, a: number) => (flips[a] ? dims[a] - 1 - i : i) * stride[axes[a]]
  for (let z = 0, o = 0; z < dims[2]; z++)
    for (let y = 0; y < dims[1]; y++)
      for (let x = 0; x < dims[0]; x++, o++) voxels[o] = volume.voxels[at(x, 0) + at(y, 1) + at(z, 2)]
  return { dims, spacing, origin, direction: direction as unknown as Mat3, voxels }
}

describe('the profile of a patient of known anatomy', () => {
  let phantom: Phantom
  let profile: BodyProfile
  beforeAll(() => {
    phantom = makePhantom({ seed: 1, spacing: [5, 5, 5], lesions: true })
    profile = profileOf(phantom.volume)
  })

  it('shows lungs with both ends, in a body that is nowhere cut', () => {
    expect(profile.lungs).toMatchObject({ bottomSeen: true, topSeen: true })
    expect(profile.lungs!.volumeMl).toBeGreaterThan(2500)
    expect(profile.lungs!.volumeMl).toBeLessThan(6000)
    for (const { cut } of profile.slabs) expect(cut).toEqual({ right: 0, left: 0, anterior: 0, posterior: 0 })
  })

  it('places lesions of the liver on the right and of the left kidney on the left, below the lungs', () => {
    const where = (kind: string) =>
      phantom.lesions.filter((l) => l.kind === kind).map((l) => describeLocation(l.centreMm, 40, profile))
    expect(where('liver metastasis').length).toBeGreaterThan(0)
    for (const { side, tissue } of where('liver metastasis'))
      expect([side, tissue]).toEqual(['right', 'soft tissue'])
    expect(where('kidney mass')).toMatchObject([
      { side: 'left', depth: 'posterior', level: 'below the lungs' },
    ])
    expect(where('sclerotic bone lesion')).toMatchObject([{ side: 'midline', depth: 'posterior' }])
  })

  it.each([
    ['from the head down', [0, 1, 2], [false, false, true]],
    ['right for left', [0, 1, 2], [true, false, false]],
    ['in sagittal slices', [1, 2, 0], [false, true, false]],
    ['in coronal slices', [0, 2, 1], [true, false, true]],
  ] as [string, Vec3, boolean[]][])('is the same when the scan is stored %s', (_, axes, flips) => {
    const other = profileOf(stored(phantom.volume, axes, flips))
    expect(other.slabs).toHaveLength(profile.slabs.length)
    expect(other.lungs!.bottom).toBeCloseTo(profile.lungs!.bottom, 3)
    expect(other.lungs!.top).toBeCloseTo(profile.lungs!.top, 3)
    other.slabs.forEach((slab, k) => {
      expect(slab.middle).toBeCloseTo(profile.slabs[k].middle, 3)
      expect(slab.lungCm2).toBeCloseTo(profile.slabs[k].lungCm2, 3)
    })
  })

  it('leaves what only one end of the lungs can tell open where that end is not in the scan', () => {
    const { volume } = phantom
    const [nx, ny, nz] = volume.dims
    // The upper half of the scan is missing: lung bases and what lies below them remain.
    const half = Math.floor(nz / 2)
    const lower = { ...volume, dims: [nx, ny, half] as const, voxels: volume.voxels.slice(0, nx * ny * half) }
    const cut = profileOf(lower)
    expect(cut.lungs).toMatchObject({ bottomSeen: true, topSeen: false })
    const level = (s: number) => describeLocation([60, 0, s], 40, cut).level
    expect(level(cut.lungs!.bottom - 20)).toBe('below the lungs')
    expect(level(cut.lungs!.bottom + 30)).toBe('lower chest')
    expect(level(cut.lungs!.bottom + 75)).toBeNull()
  })
})

describe('a profile', () => {
  it('measures the body: extents, area, bone', () => {
    const { slabs } = profileOf(trunk((l, p) => (inEllipse(l, p - 60, 20, 20) ? 700 : 40)))
    const { box, areaCm2, boneCm2, middle } = slabs[Math.floor(slabs.length / 2)]
    for (const [found, expected] of [
      [box!.right, -170],
      [box!.left, 170],
      [box!.anterior, -120],
      [box!.posterior, 120],
      [middle, 0],
    ])
      expect(Math.abs(found - expected)).toBeLessThan(5)
    expect(areaCm2 / (Math.PI * 17 * 12)).toBeCloseTo(1, 1)
    expect(boneCm2 / (Math.PI * 2 * 2)).toBeCloseTo(1, 1)
  })

  it('does not take gas in the bowel for lung', () => {
    const gas = trunk((l, p) => (inEllipse(l - 80, p, 40, 40) ? -1000 : 40))
    expect(profileOf(gas).lungs).toBeNull()
    const lung = trunk((l, p) => (inEllipse(l - 80, p, 40, 40) ? -850 : 40))
    expect(profileOf(lung).lungs).toMatchObject({ bottomSeen: false, topSeen: false })
  })

  it('of a crop knows no side and no depth', () => {
    const crop = drawn([120, 120, 80], () => 40)
    const profile = profileOf(crop)
    expect(profile.slabs[5].cut).toEqual({ right: 1, left: 1, anterior: 1, posterior: 1 })
    expect(describeLocation([30, 30, 0], 40, profile)).toEqual({
      side: null,
      depth: null,
      level: null,
      tissue: 'soft tissue',
    })
  })

  it('of a body that overflows a round field of view is cut, though it hardly touches the edge of the image', () => {
    const round = drawn([240, 240, 80], (l, p) => (inEllipse(l, p, 119, 119) ? 40 : -2000))
    expect(profileOf(round).slabs[5].cut.left).toBeGreaterThan(0.6)
    expect(describeLocation([60, 0, 0], 40, profileOf(round)).side).toBeNull()
  })

  it('of one limb knows no side: its middle is not the patient’s', () => {
    const leg = drawn([400, 400, 160], (l, p) => (inEllipse(l, p, 80, 80) ? 40 : -1000))
    expect(describeLocation([40, 0, 0], 40, profileOf(leg)).side).toBeNull()
  })

  it('of both legs knows left from right', () => {
    const legs = drawn([400, 400, 160], (l, p) =>
      inEllipse(l - 90, p, 70, 70) || inEllipse(l + 90, p, 70, 70) ? 40 : -1000,
    )
    const side = (l: number) => describeLocation([l, 0, 0], 40, profileOf(legs)).side
    expect([side(-90), side(0), side(90)]).toEqual(['right', 'midline', 'left'])
  })

  it('of an empty scan has no body', () => {
    const { slabs, lungs } = profileOf(drawn([80, 80, 40], () => -1000))
    expect(lungs).toBeNull()
    expect(slabs.every((slab) => slab.box === null && slab.areaCm2 === 0)).toBe(true)
  })
})

const real = (name: string) => join(SHARED, name)

describe.skipIf(!existsSync(SHARED))('the profile of real scans', () => {
  it.each([
    ['chest with both ends of the lungs', 'eval/lung_nodule_lidc_0001/ct.nii.gz', true, true],
    ['lung bases to kidneys', 'train/abdomen_crlm_1004.nii.gz', true, false],
    ['chest whose bases are not in the scan', 'train/chest_cmb_crc_01068.nii.gz', false, true],
  ])('sees what is there of the lungs: %s', async (_, file, bottomSeen, topSeen) => {
    const { volume } = await openCt(real(file))
    expect(profileOf(volume).lungs).toMatchObject({ bottomSeen, topSeen })
  })

  it.each([
    ['of a hip', 'train/hip_sts_031.nii.gz'],
    ['of a part of one lung', 'eval/lung_gtv_phantom_pat2/ct.nii.gz'],
    ['around the aorta', 'eval/aortic_dissection_totalseg/ct.nii.gz'],
  ])('claims neither lungs nor a side in a crop %s', async (_, file) => {
    const { volume } = await openCt(real(file))
    const profile = profileOf(volume)
    expect(profile.lungs).toBeNull()
    const { s, middle, box } = profile.slabs[Math.floor(profile.slabs.length / 2)]
    expect(describeLocation([middle + 50, box!.anterior + 20, s], 40, profile).side).toBeNull()
  })
})
