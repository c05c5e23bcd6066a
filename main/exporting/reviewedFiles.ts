import { writeFile } from 'node:fs/promises'
import { type Warning, WorkstationError } from '../errors.ts'
import { type Calibration, levels } from '../findings/level.ts'
import type { Source } from '../imaging/source.ts'
import type { Grid } from '../imaging/volume.ts'
import { openSlabs } from '../processes/rawFile.ts'
import { writeNifti } from './nifti.ts'
import { asOutputError } from './outputError.ts'
import type { OutputFolder } from './outputFolder.ts'
import type { LabelCode, ReviewedFinding } from './reviewedFindings.ts'
import type { SegFinding } from './segDataset.ts'
import { writeSegInThread } from './segThread.ts'

/** What was written, and what has to be said of it. */
interface Written {
  names: string[]
  warnings: Warning[]
}

interface VolumesJob {
  scan: { grid: Grid; source: Source }
  calibration: Calibration
  files: { score: string }
  mask: Uint16Array
  formats: ReadonlySet<string>
  signal: AbortSignal | undefined
}

/**
 * score.nii.gz, level.nii.gz and mask.nii.gz, those of them that were asked for. All at once: compressing is what takes
 * the time, and each file is compressed on a thread of its own.
 * @returns their names
 */
export async function writeReviewVolumes(job: VolumesJob, output: OutputFolder): Promise<string[]> {
  const { scan, calibration, files, mask, formats, signal } = job
  const slice = scan.grid.dims[0] * scan.grid.dims[1]
  const score = openSlabs(files.score, new Float32Array(slice))
  const forLevel = openSlabs(files.score, new Float32Array(slice))
  const level = new Float32Array(slice)
  const slabs = {
    score: score.slab,
    level: (k: number) => levels(forLevel.slab(k), calibration, level),
    mask,
  }
  const chosen = (['score', 'level', 'mask'] as const).filter((format) => formats.has(format))
  const written = await Promise.allSettled(
    chosen.map((format) =>
      writeNifti(
        output.path(`${format}.nii.gz`),
        scan.grid,
        slabs[format],
        scan.source,
        signal ? { signal } : {},
      ),
    ),
  )
  score.close()
  forLevel.close()
  // Only when none is still writing may the caller remove what there is.
  for (const outcome of written) if (outcome.status === 'rejected') throw outcome.reason
  return chosen.map((format) => `${format}.nii.gz`)
}

interface SegJob {
  scan: { grid: Grid; source: Source; warnings: readonly Warning[] }
  run: { model: { name: string; version: string } }
  findings: readonly ReviewedFinding[]
  /** Given away: empty afterwards. */
  mask: Uint16Array
  level: number
  signal: AbortSignal | undefined
}

/** A scan that DICOM SEG cannot refer to costs the segmentation, not the export: what is wrong becomes a warning. */
export async function writeReviewSeg(
  { scan, run, findings, mask, level, signal }: SegJob,
  output: OutputFolder,
): Promise<Written> {
  const without = (code: string, why: string): Written => ({
    names: [],
    warnings: [{ code, message: `No seg.dcm was written: ${why}` }],
  })
  const segments = findings.filter((finding) => finding.maskVoxelCount > 0).map(segFinding)
  if (segments.length === 0) return without('output/seg-empty', 'no finding is in the chosen states.')
  const { name, version } = run.model
  try {
    // A segmentation lies on the grid; it has no use for the values.
    const opened = { volume: scan.grid, source: scan.source, warnings: scan.warnings }
    const model = { name, version }
    await writeSegInThread(output.path('seg.dcm'), { opened, findings: segments, mask, model, level }, signal)
    return { names: ['seg.dcm'], warnings: [] }
  } catch (error) {
    if (!(error instanceof WorkstationError) || !error.code.startsWith('output/seg-')) throw error
    output.absent('seg.dcm')
    return without(error.code, error.message)
  }
}

const SAID: Readonly<Record<ReviewedFinding['state'], string>> = {
  unreviewed: 'Not reviewed.',
  confirmed: 'Confirmed by a reader.',
  'false-positive': 'False positive, says a reader.',
  uncertain: 'Uncertain, says a reader.',
}

const ALGORITHM = { machine: 'AUTOMATIC', corrected: 'SEMIAUTOMATIC', drawn: 'MANUAL' } as const

function segFinding(finding: ReviewedFinding): SegFinding {
  const { number, volumeMl, peakLevel, meanLevel, label, state, origin } = finding
  return {
    number,
    volumeMl,
    peakLevel,
    meanLevel,
    algorithm: ALGORITHM[origin],
    remark: SAID[state],
    ...(label ? { label: label.text } : {}),
    ...(label?.code && isDicomCode(label.code) ? { code: label.code } : {}),
  }
}

/** Whether DICOM can hold a code: SH for value and scheme, LO for its meaning (PS3.3 8.8, PS3.5 Table 6.2-1). */
function isDicomCode({ value, scheme, meaning }: LabelCode): boolean {
  return /^[\w.-]{1,16}$/.test(value) && /^[\w.-]{1,16}$/.test(scheme) && /^[^\\\p{Cc}]{1,64}$/u.test(meaning)
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * key-NN.png for each picture (base64) of an exported finding, NN its number.
 * @throws WorkstationError 'usage/key-image' for what is no PNG, and those of asOutputError
 */
export async function writeKeyImages(
  images: readonly { key: string; png: string }[],
  findings: readonly ReviewedFinding[],
  output: OutputFolder,
): Promise<Written> {
  const numberOf = new Map(findings.map(({ key, number }) => [key, number]))
  const names: string[] = []
  let others = 0
  for (const { key, png } of images) {
    const number = numberOf.get(key)
    if (number === undefined) {
      others++
      continue
    }
    const bytes = Buffer.from(png, 'base64')
    if (!bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE))
      throw new WorkstationError(
        'usage/key-image',
        `The key image of finding ${number} is not a PNG picture.`,
      )
    const base = `key-${String(number).padStart(2, '0')}`
    let name = `${base}.png`
    for (let n = 2; names.includes(name); n++) name = `${base}-${n}.png`
    const path = output.path(name)
    await writeFile(path, bytes).catch((error) => {
      throw asOutputError(error, path)
    })
    names.push(name)
  }
  const message = `${others} key images are of findings that are not exported: they were not written.`
  return { names, warnings: others > 0 ? [{ code: 'export/key-images', message }] : [] }
}
