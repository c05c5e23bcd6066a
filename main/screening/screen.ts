import { join } from 'node:path'
import { type Warning, WorkstationError } from '../errors.ts'
import { findingsCsv } from '../exporting/findingsCsv.ts'
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
import type { ReadProgress } from '../imaging/open.ts'
import { voxelCount } from '../imaging/volume.ts'
import type { EngineClient } from '../inference/client.ts'
import { type DevicePreference, preferenceText } from '../inference/devices.ts'
import type { ModelPackage } from '../inference/package.ts'
import { type DeviceReport, type EngineStage, WORK_FILES } from '../inference/protocol.ts'
import { peakRssBytes } from '../processes/memory.ts'
import { readRaw } from '../processes/rawFile.ts'
import { createWorkFolder } from '../processes/workFolder.ts'
import type { OpenedScan, ReaderClient } from '../reading/client.ts'
import { writeVolumes } from './writeVolumes.ts'

export interface ScreenRequest {
  /** What `openCt` opens: a folder, a file, or several files of one scan. */
  input: string | readonly string[]
  /** Folder for the results; made where missing. */
  out: string
  pkg: ModelPackage
  device: DevicePreference
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

/** `scanning` looks through files, `reading` decodes slices. */
export type ScreenStage = ReadProgress['stage'] | 'starting' | EngineStage | 'writing'

export interface ScreenProgress {
  stage: ScreenStage
  /** Files while scanning, slices while reading, tiles during inference; 0 of 1 in every other stage. */
  done: number
  /** 0 while unknown. */
  total: number
  /** Until the end of the stage; null while unknown. */
  secondsLeft: number | null
}

export interface ScreenOptions {
  reader: ReaderClient
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

/** Bytes per voxel of what the engine adds to WORK_FILES: float32, uint16. */
const ENGINE_BYTES_PER_VOXEL = 6

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
  const timed = async <T>(stage: ScreenStage, work: () => Promise<T>, name: string = stage): Promise<T> => {
    options.signal?.throwIfAborted()
    options.onProgress?.({ stage, done: 0, total: 1, secondsLeft: null })
    const from = performance.now()
    const result = await work()
    seconds[name] = (performance.now() - from) / 1000
    return result
  }

  const output = await createOutput(request.out)
  try {
    const work = await createWorkFolder()
    try {
      const scan = await timed(
        'scanning',
        () =>
          openingNetwork(request, options, () => read(request, join(work.path, WORK_FILES.volume), options)),
        'reading',
      )
      options.signal?.throwIfAborted()
      scan.warnings.forEach((warning) => {
        options.onWarning?.(warning)
      })
      const formats = chooseFormats(request, scan)
      await work.needRoom(voxelCount(scan.grid) * ENGINE_BYTES_PER_VOXEL)
      const outcome = await timed('starting', () =>
        options.client.screen(
          {
            pkg: request.pkg,
            device: request.device,
            ...(request.threads === undefined ? {} : { threads: request.threads }),
            workFolder: work.path,
            grid: scan.grid,
            filledSlices: scan.filledSlices,
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
        const made = {
          model: { name, version },
          level,
          minVolumeMl,
          device: outcome.device.device,
          warnings: scan.warnings,
        }
        await output.write('findings.csv', findingsCsv(findings, made))
        return Promise.all(names.map((file) => fileEntry(file, output.path(file))))
      })
      options.signal?.throwIfAborted()

      const run = buildRunRecord({
        started,
        finished: new Date(),
        source: scan.source,
        grid: scan.grid,
        filledSlices: scan.filledSlices,
        model: request.pkg,
        device: { requested: preferenceText(request.device), ...outcome.device },
        parameters: { level: request.level, minVolumeMl: request.minVolumeMl, formats },
        result: {
          findings: findings.length,
          tiles: outcome.tiles,
          modelGrid: outcome.modelGrid,
          cropBox: outcome.cropBox,
        },
        seconds,
        memory: {
          parentPeakBytes: peakRssBytes(),
          enginePeakBytes: outcome.peakRssBytes,
          readerPeakBytes: scan.peakRssBytes,
        },
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

function chooseFormats(request: ScreenRequest, { source }: OpenedScan): OutputFormat[] {
  if (!request.formats) return source.kind === 'dicom' ? ['nifti', 'seg'] : ['nifti']
  if (request.formats.includes('seg') && source.kind !== 'dicom') {
    throw new WorkstationError(
      'usage/seg-needs-dicom',
      'A DICOM segmentation can only be written for a DICOM scan; this scan is not DICOM. Leave `seg` out of --format.',
    )
  }
  return request.formats
}

/**
 * Has the engine open the network while the scan is read. What goes wrong with it is left for the screening, which
 * meets it again and tells it; where the scan cannot be read, the engine is not waited for.
 */
async function openingNetwork<T>(
  { pkg, device, threads }: ScreenRequest,
  { client, signal }: ScreenOptions,
  reading: () => Promise<T>,
): Promise<T> {
  const unneeded = new AbortController()
  const setup = { pkg, device, ...(threads === undefined ? {} : { threads }) }
  const until = signal ? AbortSignal.any([signal, unneeded.signal]) : unneeded.signal
  client.prepare(setup, { signal: until }).catch(() => {})
  try {
    return await reading()
  } catch (error) {
    unneeded.abort()
    throw error
  }
}

/** Has the scan read: its voxels go to a file, and this process never holds them. */
function read(
  { input, seriesInstanceUid }: ScreenRequest,
  voxelsFile: string,
  { reader, signal, onProgress }: ScreenOptions,
): Promise<OpenedScan> {
  return reader.open(
    { input, voxelsFile, ...(seriesInstanceUid ? { seriesInstanceUid } : {}) },
    {
      ...(signal ? { signal } : {}),
      onProgress: ({ stage, done, total }) => onProgress?.({ stage, done, total, secondsLeft: null }),
    },
  )
}

/** A scan that DICOM SEG cannot refer to costs the segmentation, not the run: what is wrong becomes a warning. */
async function writeSegmentation(
  { grid, source, warnings }: OpenedScan,
  findings: Finding[],
  { pkg, level }: ScreenRequest,
  workFolder: string,
  output: OutputFolder,
): Promise<{ written: boolean; warning?: Warning }> {
  if (findings.length === 0) {
    output.absent('seg.dcm')
    return { written: false }
  }
  const mask = await readRaw(join(workFolder, WORK_FILES.mask), new Uint16Array(voxelCount(grid)))
  const { name, version } = pkg.manifest
  try {
    // A segmentation lies on the grid; it has no use for the values.
    const opened = { volume: { ...grid, voxels: new Int16Array(0) }, source, warnings }
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
