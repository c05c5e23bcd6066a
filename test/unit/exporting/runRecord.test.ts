import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  buildRunRecord,
  fileEntry,
  type RunFacts,
  RunRecord,
  runRecordJson,
} from '../../../main/exporting/runRecord.ts'
import type { DicomSource, NiftiSource } from '../../../main/imaging/source.ts'
import { type Grid, IDENTITY } from '../../../main/imaging/volume.ts'
import packageJson from '../../../package.json' with { type: 'json' }

const grid: Grid = { dims: [4, 3, 2], spacing: [0.7, 0.7, 2.5], origin: [-1, -2, -3], direction: IDENTITY }

const nifti: NiftiSource = {
  kind: 'nifti',
  path: 'scans/ct.nii.gz',
  header: new Uint8Array(348),
  affineFrom: 'sform',
  littleEndian: true,
}

const images = [
  { file: '1.dcm', sopClassUid: '1.2', sopInstanceUid: '1.2.1', imagePosition: [0, 0, 0] as const },
  { file: '2.dcm', sopClassUid: '1.2', sopInstanceUid: '1.2.2', imagePosition: [0, 0, 2.5] as const },
]

const dicom: DicomSource = {
  kind: 'dicom',
  path: 'scans/chest',
  series: {
    patientName: 'DOE^JANE',
    patientId: 'P-4711',
    patientBirthDate: '19500102',
    patientSex: 'F',
    studyInstanceUid: '1.2.3',
    studyId: 'S1',
    studyDate: '20250304',
    studyTime: '101112',
    studyDescription: 'Chest',
    accessionNumber: 'ACC-99',
    referringPhysicianName: 'HOUSE^G',
    seriesInstanceUid: '1.2.3.4',
    seriesNumber: '5',
    seriesDescription: 'Thorax 2.5',
    modality: 'CT',
    frameOfReferenceUid: '1.2.3.5',
    positionReferenceIndicator: '',
    manufacturer: 'Maker',
    manufacturerModelName: 'Scanner',
    convolutionKernel: 'B30f',
    sliceThickness: Number.NaN,
  },
  images,
  slices: images,
  imageOrientation: [1, 0, 0, 0, 1, 0],
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  lossy: false,
  lossyHistory: { ratio: [], method: [] },
}

function facts(change: Partial<RunFacts> = {}): RunFacts {
  return {
    started: new Date('2026-11-20T08:00:00Z'),
    finished: new Date('2026-11-20T08:01:40Z'),
    source: nifti,
    grid,
    model: {
      hash: 'a'.repeat(64),
      manifest: {
        name: 'small',
        version: '1.2.3',
        title: 'Small',
        licence: 'MIT',
        intendedUse: 'Demonstration',
        network: { overlap: 0.5 },
        calibration: { score: [-3.5, 0, 9] },
      },
    },
    device: {
      requested: 'auto',
      device: 'cpu',
      threads: 2,
      partlyOnCpu: false,
      goldenDeviation: 1e-6,
      goldenTolerance: 1e-3,
      loadSeconds: 0.4,
    },
    parameters: { level: 99.9, minVolumeMl: 0.1, formats: ['nifti'] },
    result: { findings: 3, tiles: 18, modelGrid: grid, cropBox: { start: [0, 0, 0], end: [4, 3, 2] } },
    seconds: { reading: 1, inference: 90.5 },
    memory: { parentPeakBytes: 2e8, enginePeakBytes: 1e9 },
    warnings: [{ code: 'input/clamped', message: '3 voxels were clamped.' }],
    files: [{ name: 'score.nii.gz', bytes: 12, sha256: 'b'.repeat(64) }],
    ...change,
  }
}

describe('run.json', () => {
  it('says what made the results', () => {
    expect(buildRunRecord(facts())).toMatchObject({
      schemaVersion: 1,
      notice: 'Research use only — not for diagnosis',
      software: { name: packageJson.name, version: packageJson.version, node: process.version },
      started: '2026-11-20T08:00:00.000Z',
      finished: '2026-11-20T08:01:40.000Z',
      input: { kind: 'nifti', path: 'scans/ct.nii.gz', affineFrom: 'sform', grid },
      model: { name: 'small', version: '1.2.3', licence: 'MIT', intendedUse: 'Demonstration' },
      device: { requested: 'auto', device: 'cpu' },
      parameters: { level: 99.9, minVolumeMl: 0.1, overlap: 0.5, formats: ['nifti'] },
      unscoredValue: -3.5,
      result: { findings: 3, tiles: 18 },
      seconds: { reading: 1, inference: 90.5 },
      warnings: [{ code: 'input/clamped' }],
      files: [{ name: 'score.nii.gz', bytes: 12 }],
    })
  })

  it('comes back from its text as it was', () => {
    for (const source of [nifti, dicom]) {
      const record = buildRunRecord(facts({ source }))
      const text = runRecordJson(record)
      expect(text.endsWith('}\n')).toBe(true)
      expect(RunRecord.parse(JSON.parse(text))).toEqual(record)
    }
  })

  it('identifies a DICOM series by its UIDs and never names the patient', () => {
    const record = buildRunRecord(facts({ source: dicom }))
    expect(record.input).toMatchObject({
      kind: 'dicom',
      studyInstanceUid: '1.2.3',
      seriesInstanceUid: '1.2.3.4',
      frameOfReferenceUid: '1.2.3.5',
      convolutionKernel: 'B30f',
      slices: 2,
      sliceThicknessMm: null,
    })
    const text = runRecordJson(record)
    for (const secret of ['DOE', 'P-4711', '19500102', 'ACC-99', 'HOUSE']) expect(text).not.toContain(secret)
  })

  it('says which slices fill gaps, and from how many images the volume was made', () => {
    const plain = buildRunRecord(facts({ source: dicom })).input
    expect(plain).toMatchObject({ filledSlices: [], resampled: false, slices: 2, images: 2 })

    const filled = { ...dicom, slices: [images[0], null, images[1]] }
    expect(buildRunRecord(facts({ source: filled, filledSlices: [1] })).input).toMatchObject({
      filledSlices: [1],
      resampled: false,
      slices: 3,
      images: 2,
    })
    // One slice fills a gap, another was moved onto the even grid.
    const resampled = { ...dicom, slices: [images[0], null, null] }
    expect(buildRunRecord(facts({ source: resampled, filledSlices: [1] })).input).toMatchObject({
      filledSlices: [1],
      resampled: true,
    })
  })

  it.each(['nrrd', 'metaimage'] as const)('knows a source of the kind %s', (kind) => {
    const record = buildRunRecord(facts({ source: { kind, path: 'scans/ct.file' } }))
    expect(record.input).toEqual({ kind, path: 'scans/ct.file', grid, filledSlices: [], resampled: false })
    expect(RunRecord.parse(JSON.parse(runRecordJson(record)))).toEqual(record)
  })

  it('can still be read as it was written before it said so', () => {
    const { filledSlices, resampled, ...input } = buildRunRecord(facts({ source: dicom })).input
    if (input.kind !== 'dicom') expect.unreachable()
    const { images: _, ...before } = input
    const record = RunRecord.parse({ ...buildRunRecord(facts({ source: dicom })), input: before })
    expect(record.input).toEqual({ ...before, filledSlices: [], resampled: false })
  })

  it.each<[string, Partial<RunFacts>]>([
    ['a time that is not a number', { seconds: { inference: Number.NaN } }],
    ['a hash that is none', { model: { ...facts().model, hash: 'abc' } }],
    ['half a finding', { result: { ...facts().result, findings: 0.5 } }],
    ['a level beyond 100', { parameters: { ...facts().parameters, level: 120 } }],
  ])('is refused with %s', (_, change) => {
    expect(() => buildRunRecord(facts(change))).toThrow()
  })

  it('lists a file by its size and SHA-256', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'run-record-'))
    try {
      const path = join(folder, '.temporary')
      await writeFile(path, 'abc')
      // FIPS 180-4, the example of section B.1.
      expect(await fileEntry('findings.csv', path)).toEqual({
        name: 'findings.csv',
        bytes: 3,
        sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
