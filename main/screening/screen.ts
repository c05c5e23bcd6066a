import { join } from 'node:path'
import { type Warning, WorkstationError } from '../errors.ts'
import { findingsCsv } from '../exporting/findingsCsv.ts'
import { writeNifti } from '../exporting/nifti.ts'
import { createOutput, type OutputFolder } from '../exporting/outputFolder.ts'
import {
  buildRunRecord,
  fileEntry,
  type OutputFormat,
  type RunRecord,
  runRecordJson,
} from '../exporting/runRecord.ts'
import { writeSeg } from '../exporting/seg.ts'
import type { Finding } from '../findings/findings.ts'
import { levels } from '../findings/level.ts'
import { openCt } from '../imaging/open.ts'
import type { OpenedCt } from '../imaging/source.ts'
import { voxelCount } from '../imaging/volume.ts'
import type { EngineClient } from '../inference/client.ts'
import type { DeviceChoice } from '../inference/devices.ts'
import { peakRssBytes } from '../inference/memory.ts'
import type { ModelPackage } from '../inference/package.ts'
import { type DeviceReport, type EngineStage, WORK_FILES } from '../inference/protocol.ts'
import { openSlabs, readRaw, writeRaw } from '../inference/rawFile.ts'
import { createWorkFolder } from './workFolder.ts'

export interface ScreenRequest {
  /** DICOM folder or file, .nii or .nii.gz. */
  input: string
  /** Folder for the results; made where missing. */
  out: string
  pkg: ModelPackage
  device: DeviceChoice
  /** CPU threads; the number of physical cores where absent. */
  threads?: number
  /** Lowest anomaly level of a finding's voxels, 0–100. */
  level: number
  minVolumeMl: number
  /** Voxel results to write; where absent, all that the source allows (a DICOM SEG needs a DICOM scan). */
  formats?: OutputFormat[]
  /** Which series, where a folder holds several. */
  seriesInstanceUid?: string
}

export type ScreenStage = 'reading' | 'starting' | EngineStage | 'writing'

export interface ScreenProgress {
  stage: ScreenStage
  done: number
  total: number
  /** Until the end of the stage; null while unknown. */
  secondsLeft: number | null
}

export interface ScreenOptions {
  client: EngineClient
  signal?: AbortSignal
  onProgress?: (progress: ScreenProgress) => void
  onWarning?: (warning: Warning) => void
  onDevice?: (report: DeviceReport) => void
}

export interface ScreenResult {
  run: RunRecord
  findings: Finding[]
  /** Absolute folder of the results. */
  out: string
}

/** Bytes per voxel of WORK_FILES together: int16, float32, uint16. */
const WORK_BYTES_PER_VOXEL = 8

/**
 * Screens one CT: reads it, has the engine score it and find what is rare, and writes score, level, mask,
 * segmentation, findings and run record to the output folder, all of them or none.
 *
 * @throws WorkstationError of kind `input`, `usage`, `output`, `engine` or `model`, or `cancelled` after the signal;
 *   nothing is left in the output folder or the temporary folder then.
 */
export async function screen(request: ScreenRequest, options: ScreenOptions): Promise<ScreenResult> {
  try {
    return await run(request, options)
  } catch (error) {
    if (options.signal?.aborted || (error as Error).name === 'AbortError')
      throw new WorkstationError('cancelled', 'The screening was cancelled.', error)
    throw error
  }
}

async function run(request: ScreenRequest, options: ScreenOptions): Promise<ScreenResult> {
  checkLevel(request)
  const started = new Date()
  const seconds: Record<string, number> = {}
  const timed = async <T>(stage: ScreenStage, work: () => Promise<T>): Promise<T> => {
    options.signal?.throwIfAborted()
    options.onProgress?.({ stage, done: 0, total: 1, secondsLeft: null })
    const from = performance.now()
    const result = await work()
    seconds[stage] = (performance.now() - from) / 1000
    return result
  }

  const opened = await timed('reading', () => {
    const { seriesInstanceUid } = request
    return openCt(request.input, seriesInstanceUid ? { seriesInstanceUid } : {})
  })
  options.signal?.throwIfAborted()
  opened.warnings.forEach((warning) => {
    options.onWarning?.(warning)
  })
  const formats = chooseFormats(request, opened)
  const output = await createOutput(request.out)
  try {
    const work = await createWorkFolder(voxelCount(opened.volume) * WORK_BYTES_PER_VOXEL)
    try {
      const scan = await handOver(opened, work.path)
      const outcome = await timed('starting', () =>
        options.client.screen(
          {
            pkg: request.pkg,
            device: request.device,
            ...(request.threads === undefined ? {} : { threads: request.threads }),
            workFolder: work.path,
            grid: scan.volume,
            findings: { level: request.level, minVolumeMl: request.minVolumeMl },
          },
          options,
        ),
      )
      const inEngine = Object.values(outcome.seconds).reduce((sum, s) => sum + s, 0)
      seconds.starting -= inEngine
      Object.assign(seconds, outcome.seconds)

      const { findings } = outcome
      const warnings = [...scan.warnings, ...outcome.warnings]
      const files = await timed('writing', async () => {
        const volumes = ['score.nii.gz', 'level.nii.gz', 'mask.nii.gz']
        const names = ['findings.csv']
        if (formats.includes('nifti')) {
          await writeVolumes(scan, request.pkg, work.path, output, options.signal)
          names.unshift(...volumes)
        } else {
          for (const name of volumes) output.absent(name)
        }
        if (formats.includes('seg')) {
          const seg = await writeSegmentation(scan, findings, request, work.path, output)
          if (seg.written) names.unshift('seg.dcm')
          if (seg.warning) {
            warnings.push(seg.warning)
            options.onWarning?.(seg.warning)
          }
        } else output.absent('seg.dcm')
        const { name, version } = request.pkg.manifest
        const { level, minVolumeMl } = request
        const made = { model: { name, version }, level, minVolumeMl, device: outcome.device.device }
        await output.write('findings.csv', findingsCsv(findings, made))
        return Promise.all(names.map((file) => fileEntry(file, output.path(file))))
      })
      options.signal?.throwIfAborted()

      const run = buildRunRecord({
        started,
        finished: new Date(),
        source: scan.source,
        grid: scan.volume,
        model: request.pkg,
        device: { requested: request.device, ...outcome.device },
        parameters: { level: request.level, minVolumeMl: request.minVolumeMl, formats },
        result: {
          findings: findings.length,
          tiles: outcome.tiles,
          modelGrid: outcome.modelGrid,
          cropBox: outcome.cropBox,
        },
        seconds,
        memory: { parentPeakBytes: peakRssBytes(), enginePeakBytes: outcome.peakRssBytes },
        warnings,
        files,
      })
      await output.write('run.json', runRecordJson(run))
      await output.commit()
      return { run, findings, out: output.dir }
    } finally {
      await work.remove()
    }
  } catch (error) {
    await output.discard()
    throw error
  }
}

/** Above its table's end a model cannot tell one score from another: it would find nothing, whatever is there. */
function checkLevel({ level, pkg }: ScreenRequest): void {
  const { name, calibration } = pkg.manifest
  const highest = calibration.percentile.at(-1)!
  if (level >= 0 && level <= highest) return
  throw new WorkstationError(
    'usage/level',
    `The anomaly level ${level} is not one that the model ${name} knows: it must lie between 0 and ${highest}.`,
  )
}

function chooseFormats(request: ScreenRequest, { source }: OpenedCt): OutputFormat[] {
  if (!request.formats) return source.kind === 'dicom' ? ['nifti', 'seg'] : ['nifti']
  if (request.formats.includes('seg') && source.kind !== 'dicom') {
    throw new WorkstationError(
      'usage/seg-needs-dicom',
      'A DICOM segmentation can only be written for a DICOM scan; this scan is a NIfTI file. Leave `seg` out of --format.',
    )
  }
  return request.formats
}

/** The scan without its voxels: from here on they are in the work folder, and this process needs them no more. */
async function handOver(opened: OpenedCt, workFolder: string): Promise<OpenedCt> {
  await writeRaw(join(workFolder, WORK_FILES.volume), opened.volume.voxels)
  opened.volume = { ...opened.volume, voxels: new Int16Array(0) }
  return opened
}

/**
 * score.nii.gz, level.nii.gz and mask.nii.gz, slice by slice from the engine's files. All at once: compressing is what
 * takes the time, and each file is compressed on a thread of its own.
 */
async function writeVolumes(
  { volume, source }: OpenedCt,
  pkg: ModelPackage,
  workFolder: string,
  output: OutputFolder,
  signal?: AbortSignal,
): Promise<void> {
  const slice = volume.dims[0] * volume.dims[1]
  const score = openSlabs(join(workFolder, WORK_FILES.score), new Float32Array(slice))
  const forLevel = openSlabs(join(workFolder, WORK_FILES.score), new Float32Array(slice))
  const mask = openSlabs(join(workFolder, WORK_FILES.mask), new Uint16Array(slice))
  const level = new Float32Array(slice)
  const levelSlab = (k: number) => levels(forLevel.slab(k), pkg.manifest.calibration, level)
  const write = (name: string, slab: (k: number) => Float32Array | Uint16Array) =>
    writeNifti(output.path(name), volume, slab, source, signal ? { signal } : {})
  const written = await Promise.allSettled([
    write('score.nii.gz', score.slab),
    write('level.nii.gz', levelSlab),
    write('mask.nii.gz', mask.slab),
  ])
  for (const slabs of [score, forLevel, mask]) slabs.close()
  // Only when none is still writing may the caller remove what there is.
  for (const outcome of written) if (outcome.status === 'rejected') throw outcome.reason
}

/** A scan that DICOM SEG cannot refer to costs the segmentation, not the run: what is wrong becomes a warning. */
async function writeSegmentation(
  opened: OpenedCt,
  findings: Finding[],
  { pkg, level }: ScreenRequest,
  workFolder: string,
  output: OutputFolder,
): Promise<{ written: boolean; warning?: Warning }> {
  if (findings.length === 0) {
    output.absent('seg.dcm')
    return { written: false }
  }
  const mask = await readRaw(join(workFolder, WORK_FILES.mask), new Uint16Array(voxelCount(opened.volume)))
  const { name, version } = pkg.manifest
  try {
    const request = { opened, findings, mask, model: { name, version }, level }
    return { written: (await writeSeg(output.path('seg.dcm'), request)) !== null }
  } catch (error) {
    if (!(error instanceof WorkstationError) || !error.code.startsWith('output/seg-')) throw error
    return {
      written: false,
      warning: { code: error.code, message: `No seg.dcm was written: ${error.message}` },
    }
  }
}
