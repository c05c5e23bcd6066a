import type { RunEntry, SeriesEntry } from '../../../../preload/records.ts'

/** A DICOM series about which little is said. */
export function seriesEntry(change: Partial<SeriesEntry> & { id: string }): SeriesEntry {
  return {
    kind: 'dicom',
    patientName: '',
    patientId: '',
    patientBirthDate: '',
    patientSex: '',
    studyInstanceUid: '',
    studyDescription: '',
    studyDate: '',
    seriesNumber: '',
    seriesDescription: '',
    modality: 'CT',
    manufacturer: '',
    convolutionKernel: '',
    dims: [512, 512, 100],
    spacingMm: [0.7, 0.7, 1.25],
    imageCount: 100,
    canScreen: true,
    reason: null,
    warnings: [],
    sample: false,
    addedAt: '2026-01-01T00:00:00.000Z',
    openedAt: null,
    state: 'new',
    latestRunId: null,
    thumbnailUrl: null,
    path: `/data/${change.id}`,
    ...change,
  }
}

export function runEntry(change: Partial<RunEntry> & { id: string }): RunEntry {
  return {
    seriesId: 's',
    model: { name: 'm', version: '1.0.0', title: 'M' },
    status: 'queued',
    deviceRequested: 'auto',
    device: null,
    progress: null,
    error: null,
    warnings: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    ...change,
  }
}
