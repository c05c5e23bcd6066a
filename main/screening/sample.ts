import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { WorkstationError } from '../errors.ts'
import { writeCtSeries } from '../exporting/dicomSeries.ts'
import { writeNifti } from '../exporting/nifti.ts'
import { createOutput } from '../exporting/outputFolder.ts'
import { RESEARCH_USE_ONLY } from '../exporting/runRecord.ts'
import type { Phantom, PhantomOptions } from '../imaging/phantom/index.ts'
import type { VoxelArray } from '../imaging/volume.ts'
import { ReaderClient } from '../reading/client.ts'
import { readVolume } from '../reading/readVolume.ts'

/** The files of a sample folder. */
export const SAMPLE_FILES = { series: 'dicom', truthMask: 'truth.nii.gz', truth: 'truth.json' } as const

const SampleTruth = z.object({
  notice: z.string(),
  seed: z.number(),
  lesions: z.array(
    z.object({
      /** Value of its voxels in truth.nii.gz. */
      number: z.number(),
      kind: z.string(),
      centreMm: z.tuple([z.number(), z.number(), z.number()]).readonly(),
      volumeMl: z.number(),
    }),
  ),
})
export type SampleTruth = z.infer<typeof SampleTruth>

/** True where `dir` holds a sample that was made to its end: truth.json is what appears last. */
export function hasSample(dir: string): boolean {
  return existsSync(join(dir, SAMPLE_FILES.truth))
}

/**
 * Writes a procedural CT with lesions: a DICOM series, the mask of its lesions on the same grid, and their list.
 * An earlier sample in the folder is replaced.
 * @param use `reader` is the reading process to read the series back with; one of its own where absent
 * @throws WorkstationError `output/…`, or `cancelled` after the signal
 */
export async function makeSample(
  dir: string,
  options: Omit<PhantomOptions, 'lesions'>,
  use: { signal?: AbortSignal; reader?: ReaderClient } = {},
): Promise<SampleTruth & { dir: string }> {
  const { signal } = use
  const output = await createOutput(dir)
  const series = join(output.dir, SAMPLE_FILES.series)
  try {
    const { volume, truth, lesions } = await drawPhantom({ ...options, lesions: true }, signal)
    // Without its list an earlier sample is none: a new series must never stand beside an old truth.
    await rm(join(output.dir, SAMPLE_FILES.truth), { force: true })
    await writeCtSeries(series, volume, {
      patientName: `Phantom^Seed ${options.seed}`,
      patientId: `PHANTOM-${options.seed}`,
      studyDescription: 'Procedural phantom, thorax and upper abdomen',
      seriesDescription: `Procedural CT, seed ${options.seed}`,
    })
    // Read back: the truth must lie on the grid that a reader of the series finds.
    const reading = signal ? { signal } : {}
    const opened = await withReader(use.reader, (reader) => readVolume(reader, series, reading))
    await writeNifti(output.path(SAMPLE_FILES.truthMask), opened.volume, truth.voxels, opened.source)
    const record: SampleTruth = {
      notice: RESEARCH_USE_ONLY,
      seed: options.seed,
      lesions: lesions.map(({ number, kind, centreMm, volumeMl }) => ({ number, kind, centreMm, volumeMl })),
    }
    await output.write(SAMPLE_FILES.truth, `${JSON.stringify(record, null, 2)}\n`)
    if (signal?.aborted) throw cancelled()
    await output.commit()
    return { ...record, dir: output.dir }
  } catch (error) {
    await output.discard()
    throw error
  }
}

async function withReader<T>(
  given: ReaderClient | undefined,
  work: (reader: ReaderClient) => Promise<T>,
): Promise<T> {
  if (given) return work(given)
  const own = new ReaderClient()
  try {
    return await work(own)
  } finally {
    await own.close()
  }
}

function drawPhantom(options: PhantomOptions, signal?: AbortSignal): Promise<Phantom> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled())
    const worker = new Worker(new URL('./phantomWorker.ts', import.meta.url), { workerData: options })
    const stop = () => {
      reject(cancelled())
      worker.terminate()
    }
    signal?.addEventListener('abort', stop, { once: true })
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', () => signal?.removeEventListener('abort', stop))
  })
}

function cancelled(): WorkstationError {
  return new WorkstationError('cancelled', 'Making the sample was cancelled.')
}

export async function readSampleTruth(dir: string): Promise<SampleTruth> {
  const file = join(dir, SAMPLE_FILES.truth)
  try {
    return SampleTruth.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    const sentence = `${file} cannot be read; delete the folder ${dir} and it will be made again.`
    throw new WorkstationError('input/sample', sentence, error)
  }
}

export interface LesionOverlap {
  /** Number of the lesion in the truth. */
  lesion: number
  /** Findings that share a voxel with it, the one with most first. */
  findings: number[]
  /** Fraction of the lesion's voxels that lie in any finding. */
  covered: number
}

/**
 * Which findings touch which lesions.
 * @param truth lesion number per voxel, 0 elsewhere
 * @param mask finding number per voxel, 0 elsewhere; on the truth's grid
 */
export function lesionOverlaps(lesions: number[], truth: VoxelArray, mask: VoxelArray): LesionOverlap[] {
  if (truth.length !== mask.length) throw new RangeError('truth and mask must lie on one grid')
  const voxels = new Map(lesions.map((lesion) => [lesion, 0]))
  const shared = new Map(lesions.map((lesion) => [lesion, new Map<number, number>()]))
  for (let i = 0; i < truth.length; i++) {
    const lesion = truth[i]
    const counts = lesion === 0 ? undefined : shared.get(lesion)
    if (!counts) continue
    voxels.set(lesion, voxels.get(lesion)! + 1)
    if (mask[i] !== 0) counts.set(mask[i], (counts.get(mask[i]) ?? 0) + 1)
  }
  return lesions.map((lesion) => {
    const counts = [...shared.get(lesion)!].sort((a, b) => b[1] - a[1])
    const inFindings = counts.reduce((sum, [, count]) => sum + count, 0)
    return {
      lesion,
      findings: counts.map(([finding]) => finding),
      covered: inFindings / Math.max(1, voxels.get(lesion)!),
    }
  })
}

/** As `lesionOverlaps`, from the files: a sample folder and the results of screening its series. */
export async function compareWithSample(
  sampleDir: string,
  resultsDir: string,
  given?: ReaderClient,
): Promise<LesionOverlap[]> {
  const { lesions } = await readSampleTruth(sampleDir)
  const [truth, mask] = await withReader(given, async (reader) => [
    await readVolume(reader, join(sampleDir, SAMPLE_FILES.truthMask)),
    await readVolume(reader, join(resultsDir, 'mask.nii.gz')),
  ])
  const numbers = lesions.map((lesion) => lesion.number)
  return lesionOverlaps(numbers, truth.volume.voxels, mask.volume.voxels)
}
