import type { NewRun, NewSeries } from '../../../main/library/index.ts'
import type { ReviewRecord } from '../../../preload/records.ts'

export function aSeries(name: string, change: Partial<NewSeries> = {}): NewSeries {
  return {
    kind: 'dicom',
    patientName: 'Phantom^Ünit',
    patientId: 'P-1',
    patientBirthDate: '',
    patientSex: 'O',
    studyInstanceUid: '1.2.3',
    studyDescription: 'Chest',
    studyDate: '20260102',
    seriesNumber: '3',
    seriesDescription: name,
    modality: 'CT',
    manufacturer: '',
    convolutionKernel: '',
    dims: [512, 512, 60],
    spacingMm: [0.7, 0.7, 5],
    imageCount: 60,
    canScreen: true,
    reason: null,
    warnings: [{ code: 'input/lossy', message: 'The scan was compressed with loss.' }],
    sample: false,
    source: { inputs: [`/scans/${name}`], seriesId: '1.2.3.4' },
    ...change,
  }
}

const MODEL = { name: 'tiny', version: '1.0.0', title: 'Tiny' }

export function aRun(seriesId: string): NewRun {
  return { seriesId, model: MODEL, packageHash: 'ab'.repeat(32), deviceRequested: 'auto' }
}

export function aReview(key: string, change: Partial<ReviewRecord> = {}): ReviewRecord {
  return {
    key,
    state: 'confirmed',
    label: null,
    note: '',
    outline: null,
    thresholdLevel: 99.9,
    updatedAt: null,
    ...change,
  }
}
