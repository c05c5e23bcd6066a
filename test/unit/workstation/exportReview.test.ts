import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { indexToPatient, type Vec3, voxelCount } from '../../../main/imaging/volume.ts'
import { type ExportReviewJob, exportReview } from '../../../main/workstation/exportReview.ts'
import { ExportResult } from '../../../preload/records.ts'
import { dciodvfyErrors, hasDciodvfy, pythonHas } from '../exporting/judges.ts'
import { offsetOf, voxelsOf } from '../exporting/reviewCases.ts'
import { items, parse } from '../exporting/segReader.ts'
import { CORRECTED, DRAWN, FOUND, isDrawn, job, NODULE, NOT_DRAWN, PNG } from './exportJob.ts'

/** Where each finding ought to be, LPS mm. */
function expectedPlaces({ scan: { grid } }: ExportReviewJob): Record<number, Vec3[]> {
  const place = (voxels: Vec3[]) => voxels.map((voxel) => indexToPatient(grid, voxel))
  const inside = ({ min, max }: typeof FOUND | typeof CORRECTED | typeof DRAWN) => voxelsOf({ min, max })
  return {
    1: place(inside(FOUND)),
    2: place(inside(CORRECTED)),
    3: place(inside(DRAWN).filter(isDrawn)),
  }
}

/** Reads segmentation and mask as pydicom and nibabel do, into places in LPS mm. */
const JUDGE = `
import sys, json, numpy, nibabel, pydicom
folder = sys.argv[1]
seg = pydicom.dcmread(folder + '/seg.dcm')
shared = seg.SharedFunctionalGroupsSequence[0]
iop = numpy.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
spacing = [float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing]
places = {}
for frame, groups in zip(seg.pixel_array.reshape(-1, seg.Rows, seg.Columns), seg.PerFrameFunctionalGroupsSequence):
    segment = int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    first = numpy.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
    for row, column in numpy.argwhere(frame):
        places.setdefault(segment, []).append((first + iop[:3] * spacing[1] * column + iop[3:] * spacing[0] * row).tolist())
image = nibabel.load(folder + '/mask.nii.gz')
values = numpy.asarray(image.dataobj)
masks = {}
for index in numpy.argwhere(values):
    masks.setdefault(int(values[tuple(index)]), []).append(((image.affine @ [*index, 1])[:3] * [-1, -1, 1]).tolist())
print(json.dumps({'seg': places, 'mask': masks}))
`

function judged(folder: string): { seg: Record<number, Vec3[]>; mask: Record<number, Vec3[]> } {
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', JUDGE, folder], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** Places to a thousandth of a millimetre, in an order of their own. */
const sorted = (places: Vec3[]) =>
  places.map((p) => p.map((mm) => (Math.round(mm * 1000) / 1000 + 0).toFixed(2)).join(' ')).sort()

describe.each(['oblique', 'oblique, left-handed', 'axial, slices towards the feet', 'axial, mirrored rows'])(
  'an export of a scan that is %s',
  (name) => {
    it.skipIf(!pythonHas('pydicom', 'nibabel', 'numpy'))(
      'has machine, corrected and drawn findings where pydicom and nibabel look for them',
      async () => {
        const asked = job(name)
        const { path, findings } = await exportReview(asked)
        expect(findings).toBe(3)
        const expected = expectedPlaces(asked)
        const { seg, mask } = judged(path)
        for (const number of [1, 2, 3]) {
          expect(sorted(seg[number]), `segment ${number}`).toEqual(sorted(expected[number]))
          expect(sorted(mask[number]), `mask ${number}`).toEqual(sorted(expected[number]))
        }
        expect(Object.keys(seg).concat(Object.keys(mask))).toEqual(['1', '2', '3', '1', '2', '3'])
        if (hasDciodvfy()) expect(dciodvfyErrors(join(path, 'seg.dcm'))).toEqual([])
      },
    )
  },
)

describe('an export', () => {
  it('is a new folder with what was asked for, and a record of what made it', async () => {
    const asked = job()
    const stages: string[] = []
    const result = await exportReview(asked, { onProgress: ({ stage }) => stages.push(stage) })
    expect(ExportResult.omit({ folder: true }).parse(result)).toEqual(result)
    expect(result.path).toMatch(/\/Thorax-1\.0-B70f-\d{8}-\d{6}$/)
    expect(readdirSync(asked.parent)).toHaveLength(1)
    expect(new Set(stages)).toEqual(new Set(['findings', 'measuring', 'writing']))
    expect(readdirSync(result.path).sort()).toEqual([
      'export.json',
      'findings.csv',
      'findings.json',
      'key-02.png',
      'level.nii.gz',
      'mask.nii.gz',
      'score.nii.gz',
      'seg.dcm',
    ])
    for (const { name, sizeBytes } of result.files)
      expect(readFileSync(join(result.path, name)).length, name).toBe(sizeBytes)
    expect(result.files).toHaveLength(8)
    expect(readFileSync(join(result.path, 'key-02.png')).equals(PNG)).toBe(true)

    const record = JSON.parse(readFileSync(join(result.path, 'export.json'), 'utf8'))
    expect(record).toMatchObject({
      notice: 'Research use only — not for diagnosis',
      run: { id: 'run-1', finished: '2026-01-02T03:04:05.000Z' },
      model: { name: 'tiny', version: '1.2.3', title: 'Tiny', hash: 'ab'.repeat(32) },
      device: { requested: 'auto', device: 'CPU, 2 threads' },
      threshold: { level: 99, rarity: '1 in 100 normal voxels', score: 1, minVolumeMl: 0 },
      review: { finished: true, statesIncluded: ['unreviewed', 'confirmed'] },
      findings: { total: 3, byState: { confirmed: 2, unreviewed: 1, 'false-positive': 0, uncertain: 0 } },
      warnings: [{ code: 'w', message: 'Look here.' }],
    })
    for (const { name, sha256 } of record.files)
      expect(
        createHash('sha256')
          .update(readFileSync(join(result.path, name)))
          .digest('hex'),
        name,
      ).toBe(sha256)
    expect(JSON.stringify(record), 'no patient').not.toMatch(/Jörg|PHANTOM-1|19500101/)

    const { findings } = JSON.parse(readFileSync(join(result.path, 'findings.json'), 'utf8'))
    expect(findings).toMatchObject([
      { number: 1, origin: 'machine', state: 'unreviewed', voxelCount: 4, peakLevel: 99.945 },
      {
        number: 2,
        origin: 'corrected',
        state: 'confirmed',
        voxelCount: 18,
        label: NODULE,
        note: '=1+1 größer',
      },
      { number: 3, origin: 'drawn', voxelCount: 11, regionLevel: null },
    ])
    expect(readFileSync(join(result.path, 'findings.csv'), 'utf8')).toContain(
      ",27925004,SCT,Nodule,'=1+1 größer,corrected,",
    )
  })

  it('names in the segmentation who drew what, and by which code', async () => {
    const { path } = await exportReview(job())
    const segments = items(parse(join(path, 'seg.dcm')), 'x00620002').map((segment) => ({
      label: segment.string('x00620005'),
      type: segment.string('x00620008'),
      algorithm: segment.string('x00620009'),
      category: items(segment, 'x00620003')[0].string('x00080100'),
      property: items(segment, 'x0062000f')[0].string('x00080100'),
      said: segment.string('x00620006')?.split('. ')[0],
    }))
    const abnormal = '49755003'
    expect(segments).toEqual([
      {
        label: 'Finding 1',
        type: 'AUTOMATIC',
        algorithm: 'tiny',
        category: abnormal,
        property: '52988006',
        said: 'Not reviewed',
      },
      {
        label: 'Nodule',
        type: 'SEMIAUTOMATIC',
        algorithm: 'tiny',
        category: abnormal,
        property: '27925004',
        said: 'Confirmed by a reader',
      },
      {
        label: 'Implant',
        type: 'MANUAL',
        algorithm: undefined,
        category: '260787004',
        property: '40388003',
        said: 'Confirmed by a reader',
      },
    ])
  })

  it('has score and level of the run, voxel by voxel', async () => {
    const asked = job()
    const { path } = await exportReview(asked)
    const floats = (name: string) => {
      const bytes = gunzipSync(readFileSync(join(path, name))).subarray(352)
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    }
    const score = floats('score.nii.gz')
    expect(Buffer.from(score.buffer).equals(readFileSync(asked.files.score))).toBe(true)
    expect(score).toHaveLength(voxelCount(asked.scan.grid))
    const level = floats('level.nii.gz')
    expect(level[offsetOf(asked.scan.grid, FOUND.min)]).toBeCloseTo(99.945, 4)
    expect(level[offsetOf(asked.scan.grid, NOT_DRAWN)]).toBe(0)
  })

  it('writes a mask of zeros and no segmentation where nothing is in the chosen states, and says so', async () => {
    const { path, findings, warnings } = await exportReview(
      job('oblique', { states: ['false-positive'], formats: ['mask', 'seg', 'csv'], keyImages: [] }),
    )
    expect(findings).toBe(0)
    expect(readdirSync(path).sort()).toEqual(['export.json', 'findings.csv', 'mask.nii.gz'])
    expect(warnings).toEqual([
      { code: 'output/seg-empty', message: expect.stringContaining('no finding is in the chosen states') },
    ])
  })

  it('does without a segmentation where the scan is not DICOM, and says so', async () => {
    const asked = job('oblique', { formats: ['seg', 'json'], keyImages: [] })
    asked.scan.source = { kind: 'nrrd', path: '/scan.nrrd' }
    const { path, warnings } = await exportReview(asked)
    expect(readdirSync(path).sort()).toEqual(['export.json', 'findings.json'])
    expect(warnings[0]).toMatchObject({
      code: 'output/seg-source',
      message: expect.stringContaining('not DICOM'),
    })
  })

  it('never writes into a folder that is there', async () => {
    const asked = job('oblique', { formats: ['json'], keyImages: [] })
    const paths = [await exportReview(asked), await exportReview(asked), await exportReview(asked)].map(
      ({ path }) => path,
    )
    expect(new Set(paths).size).toBe(3)
  })

  it('keeps its folder’s name within what every disk allows', async () => {
    for (const title of ['', '../..', '. .', 'CON', 'ж'.repeat(300), 'a\0b\nc']) {
      const asked = { ...job('oblique', { formats: ['json'], keyImages: [] }), title }
      const { path } = await exportReview(asked)
      expect(readdirSync(asked.parent).map((name) => join(asked.parent, name))).toEqual([path])
      expect(path.slice(asked.parent.length + 1)).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}.-]{0,60}-\d{8}-\d{6}$/u)
    }
  })
})
