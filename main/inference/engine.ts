import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { findFindings } from '../findings/findings.ts'
import { clearSlices, scoreOnSourceGrid } from '../imaging/backProject.ts'
import { preprocess } from '../imaging/preprocess.ts'
import { voxelCount } from '../imaging/volume.ts'
import { peakRssBytes } from '../processes/memory.ts'
import { readRaw, writeRaw } from '../processes/rawFile.ts'
import { loadPackage } from './package.ts'
import {
  type EngineReply,
  EngineRequest,
  type EngineResult,
  type EngineStage,
  WORK_FILES,
} from './protocol.ts'
import { writeReview } from './review.ts'
import { scoreTiles } from './scoreTiles.ts'
import { type ModelSession, openSession } from './session.ts'
import { TileWriter } from './tileWriter.ts'
import { isOutOfMemory } from './unavailable.ts'

/**
 * The engine process: everything that computes for long or talks to a driver. The parent may kill it at any moment
 * (that is how a run is cancelled), so it writes nothing but files of the job's work folder, which the parent removes,
 * and of its resume folder, which is made to be left in the middle.
 */

type ScreenRequest = Extract<EngineRequest, { type: 'screen' }>

let session: ModelSession | undefined
let current: ScreenRequest | undefined

// The parent decides what Ctrl-C in a shared terminal means; it kills this process if the run is to end.
process.on('SIGINT', () => {})
process.on('disconnect', () => {
  // The parent is gone and with it the owner of the work folder: leave no patient's voxels behind.
  if (current) {
    for (const file of Object.values(WORK_FILES)) rmSync(join(current.workFolder, file), { force: true })
  }
  process.exit(0)
})

let queue = Promise.resolve()
process.on('message', (message) => {
  queue = queue.then(() => answer(message))
})

function reply(message: EngineReply): void {
  // Where the parent is gone the channel fails before it says so, and that must not keep `disconnect` from tidying up.
  process.send?.(message, undefined, undefined, () => {})
}

async function answer(message: unknown): Promise<void> {
  try {
    const request = EngineRequest.parse(message)
    if (request.type === 'load') await load(request)
    else if (request.type === 'screen') await screen(request)
    else {
      await session?.release()
      process.disconnect()
    }
  } catch (error) {
    const known =
      error instanceof WorkstationError
        ? error
        : isOutOfMemory(String(error))
          ? new WorkstationError(
              'engine/out-of-memory',
              'There is not enough free memory for this scan.',
              error,
            )
          : new WorkstationError('engine/failed', `The engine failed: ${(error as Error).message}.`, error)
    const { code, detail } = known
    reply({ type: 'failed', code, message: known.message, ...(detail === undefined ? {} : { detail }) })
  }
}

async function load(request: Extract<EngineRequest, { type: 'load' }>): Promise<void> {
  await session?.release()
  session = undefined
  const pkg = await loadPackage(request.packageDir)
  if (pkg.hash !== request.packageHash) {
    const sentence = `The model package ${pkg.manifest.name} was changed while it was being opened.`
    throw new WorkstationError('model/file-changed', sentence)
  }
  session = await openSession(pkg, request.device, request.threads, request.tile)
  reply({ type: 'loaded', report: session.report })
}

async function screen(request: ScreenRequest): Promise<void> {
  if (!session)
    throw new WorkstationError('engine/failed', 'The engine was asked to screen before a model was loaded.')
  current = request
  // Now: its thread starts while the scan is prepared.
  const writer = request.resumeFolder === undefined ? undefined : new TileWriter()
  try {
    reply({ type: 'done', result: await runJob(session, request, writer) })
  } finally {
    current = undefined
    await writer?.end()
  }
}

async function runJob(
  model: ModelSession,
  request: ScreenRequest,
  writer?: TileWriter,
): Promise<EngineResult> {
  const { manifest } = model.pkg
  const { calibration } = manifest
  const seconds: EngineResult['seconds'] = {}
  const timed = async <T>(stage: EngineStage, work: () => T | Promise<T>): Promise<T> => {
    reply({ type: 'progress', progress: { stage, done: 0, total: 1, secondsLeft: null } })
    const started = performance.now()
    const result = await work()
    seconds[stage] = (performance.now() - started) / 1000
    return result
  }
  const source = request.grid
  const readVolume = async () => ({
    ...source,
    voxels: await readRaw(join(request.workFolder, WORK_FILES.volume), new Int16Array(voxelCount(source))),
  })

  // The voxels are read twice rather than held while the network runs: that phase has the least memory to spare.
  const prepared = await timed('preprocessing', async () =>
    preprocess(await readVolume(), manifest.preprocessing),
  )
  const { grid: modelGrid, cropBox } = prepared

  const scored = await timed('inference', async () => {
    const result = await scoreTiles(
      model,
      prepared,
      request,
      (progress) => reply({ type: 'progress', progress }),
      writer,
    )
    for (let i = 0; i < result.covered.length; i++) result.covered[i] &= prepared.body[i]
    // The network's input is no longer needed; the maps on the source grid need the room.
    prepared.channels.length = 0
    return result
  })

  const score = await timed('mapping', async () => {
    const unscored = request.unscored === 'nan' ? Number.NaN : calibration.score[0]
    const mapped = scoreOnSourceGrid(
      { ...modelGrid, voxels: scored.score },
      scored.covered,
      source,
      unscored,
      cropBox,
    )
    clearSlices(mapped, source, request.filledSlices, unscored)
    await writeRaw(join(request.workFolder, WORK_FILES.score), mapped)
    return mapped
  })

  const found = await timed('findings', async () => {
    if (!request.findings) return { findings: [], warnings: [] }
    const { findings, mask, warnings } = findFindings({
      volume: await readVolume(),
      score,
      calibration,
      ...request.findings,
    })
    await writeRaw(join(request.workFolder, WORK_FILES.mask), mask)
    return { findings, warnings }
  })

  const { review } = request
  if (review) {
    await timed('review', () =>
      writeReview({
        workFolder: request.workFolder,
        grid: source,
        score,
        calibration,
        ...review,
        onSlice: (done, total) =>
          reply({ type: 'progress', progress: { stage: 'review', done, total, secondsLeft: null } }),
      }),
    )
  }
  const { goldenDeviationAtEnd, tiles, resumed } = scored
  return {
    modelGrid,
    cropBox,
    tiles,
    ...(resumed > 0 ? { resumedTiles: resumed } : {}),
    goldenDeviationAtEnd,
    findings: found.findings,
    warnings: [...scored.warnings, ...found.warnings],
    seconds,
    peakRssBytes: peakRssBytes(),
  }
}
