import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunProgress } from '../../preload/records.ts'
import { type Warning, WorkstationError } from '../errors.ts'
import { buildRunRecord, fileEntry, type RunRecord, runRecordJson } from '../exporting/runRecord.ts'
import { thresholdSteps } from '../findings/steps.ts'
import { voxelCount } from '../imaging/volume.ts'
import type { EngineClient } from '../inference/client.ts'
import { type DevicePreference, preferenceText } from '../inference/devices.ts'
import type { ModelPackage } from '../inference/package.ts'
import type { DeviceReport } from '../inference/protocol.ts'
import type { StoredSeries } from '../library/types.ts'
import { flush, flushFolderNow } from '../processes/flush.ts'
import { peakRssBytes } from '../processes/memory.ts'
import type { ReaderClient } from '../reading/client.ts'
import { diskFull, needRoom } from './dataFolder.ts'
import { linkOrCopy, RUN_FILES, writeCalibration } from './runFolder.ts'
import { writeScan } from './scanFile.ts'
import type { VoxelCache } from './voxelCache.ts'

export interface RunJob {
  series: StoredSeries
  pkg: ModelPackage
  device: DevicePreference
  /** Where the run may write; made here, and gone when this ends. On the disk of the results. */
  workFolder: string
  /** Where finished tiles outlast a run that is interrupted, as EngineJob has it. */
  resumeFolder: string
  signal: AbortSignal
  onProgress: (progress: RunProgress) => void
  onDevice: (report: DeviceReport) => void
  /** Each step down, as it is taken; the same are in the result. */
  onWarning?: (warning: Warning) => void
}

export interface RunTools {
  cache: VoxelCache
  reader: ReaderClient
  engine: EngineClient
}

export interface RunResult {
  device: DeviceReport
  warnings: Warning[]
  record: RunRecord
}

/** Below it a component is noise at any threshold: a sphere of 2.7 mm. Smaller ones are not in the tree. */
export const MIN_COMPONENT_ML = 0.01

/** float32 score, uint8 step, and the component tree, which has no more nodes than a quarter of the voxels. */
const BYTES_PER_VOXEL = 9

/**
 * Screens one series and leaves the results, whole and flushed, in the work folder for the caller to move.
 * @throws WorkstationError of any kind, `cancelled` after the signal
 */
export async function performRun(job: RunJob, tools: RunTools): Promise<RunResult> {
  const { series, pkg, workFolder, signal, onProgress } = job
  const at = (file: keyof typeof RUN_FILES) => join(workFolder, RUN_FILES[file])
  const started = new Date()
  const seconds: Record<string, number> = {}
  const timed = async <T>(stage: RunProgress['stage'], name: string, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    onProgress({ stage, done: 0, total: 0, secondsLeft: null })
    const from = performance.now()
    const result = await work()
    seconds[name] = (performance.now() - from) / 1000
    return result
  }

  await rm(workFolder, { recursive: true, force: true })
  await mkdir(workFolder, { recursive: true, mode: 0o700 })
  const scan = await timed('scanning', 'reading', async () => {
    const lease = await tools.cache.open(series, {
      signal,
      reader: tools.reader,
      onProgress: ({ stage, done, total }) => onProgress({ stage, done, total, secondsLeft: null }),
    })
    try {
      await linkOrCopy(lease.voxelsFile, at('volume'))
      return lease.scan
    } finally {
      lease.release()
    }
  })
  await needRoom(workFolder, voxelCount(scan.grid) * BYTES_PER_VOXEL)

  const outcome = await timed('starting', 'starting', () =>
    tools.engine.screen(
      {
        pkg,
        device: job.device,
        workFolder,
        resumeFolder: job.resumeFolder,
        grid: scan.grid,
        filledSlices: scan.filledSlices,
        findings: null,
        review: { minComponentMl: MIN_COMPONENT_ML },
      },
      {
        signal,
        onProgress: (progress) => {
          const { stage } = progress
          onProgress({ ...progress, stage: stage === 'review' ? 'tree' : stage })
        },
        onDevice: job.onDevice,
        ...(job.onWarning && { onWarning: job.onWarning }),
      },
    ),
  ).catch((error) => {
    // The engine knows its work folder, not that the library is what fills the disk.
    throw error instanceof WorkstationError && error.code === 'output/disk-full'
      ? diskFull(workFolder)
      : error
  })
  const inEngine = Object.values(outcome.seconds).reduce((sum, s) => sum + s, 0)
  seconds.starting = Math.max(0, seconds.starting - inEngine)
  Object.assign(seconds, outcome.seconds)

  return timed('writing', 'writing', async () => {
    await rm(at('volume'), { force: true })
    await writeScan(at('scan'), scan)
    await writeCalibration(workFolder, pkg.manifest.calibration)
    const names = (await readdir(workFolder)).sort()
    const files: RunRecord['files'] = []
    for (const name of names) {
      signal.throwIfAborted()
      files.push(await fileEntry(name, join(workFolder, name)))
    }
    const warnings = [...scan.warnings, ...outcome.warnings]
    const record = buildRunRecord({
      started,
      finished: new Date(),
      source: scan.source,
      grid: scan.grid,
      filledSlices: scan.filledSlices,
      model: pkg,
      device: { requested: preferenceText(job.device), ...outcome.device },
      // What a reader may look at later, not what was looked for: the run itself has no threshold.
      parameters: {
        level: thresholdSteps(pkg.manifest.calibration).level[0],
        minVolumeMl: MIN_COMPONENT_ML,
        formats: [],
      },
      result: {
        findings: outcome.findings.length,
        tiles: outcome.tiles,
        ...(outcome.resumedTiles === undefined ? {} : { resumedTiles: outcome.resumedTiles }),
        modelGrid: outcome.modelGrid,
        cropBox: outcome.cropBox,
      },
      seconds,
      memory: { parentPeakBytes: peakRssBytes(), enginePeakBytes: outcome.peakRssBytes },
      warnings,
      files,
    })
    await writeFile(at('record'), runRecordJson(record), { mode: 0o600 })
    for (const name of await readdir(workFolder)) await flush(join(workFolder, name))
    flushFolderNow(workFolder)
    return { device: outcome.device, warnings, record }
  })
}
