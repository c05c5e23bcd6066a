import type { Warning } from '../errors.ts'
import { channelValues } from '../imaging/inputChannel.ts'
import type { Preprocessed } from '../imaging/preprocess.ts'
import { voxelCount } from '../imaging/volume.ts'
import { resumedTiles } from './engineErrors.ts'
import type { EngineProgress, EngineRequest } from './protocol.ts'
import { DoubtfulTiles, journalFile, runKey, TileJournal } from './resume.ts'
import type { ModelSession } from './session.ts'
import { planTiles, slidingWindow } from './slidingWindow.ts'
import type { TileWriter } from './tileWriter.ts'

export interface ScoredTiles {
  /** On the model grid, x fastest; 0 where no tile ran. */
  score: Float32Array<ArrayBuffer>
  /** 1 where a tile ran. */
  covered: Uint8Array<ArrayBuffer>
  /** Tiles of the plan. */
  tiles: number
  /** How many of them an interrupted run had left. */
  resumed: number
  goldenDeviationAtEnd: number
  warnings: Warning[]
}

/**
 * Has the network score every tile of a prepared scan, and proves the device once more. With a writer, which the caller
 * ends, the tiles are kept in the resume folder while the run goes on, and those of an interrupted run are not computed
 * again; a run that fails leaves none, for they came from a device that failed.
 * @throws WorkstationError what `slidingWindow`, `runTile` and `verify` throw
 */
export async function scoreTiles(
  model: ModelSession,
  prepared: Preprocessed,
  request: Extract<EngineRequest, { type: 'screen' }>,
  onProgress: (progress: EngineProgress) => void,
  writer?: TileWriter,
): Promise<ScoredTiles> {
  const { network } = model.pkg.manifest
  const { dims } = prepared.grid
  const { channels, body } = prepared
  const { patchSize } = model.tile
  const planned = planTiles(dims, patchSize, network.overlap, body).length
  const journal = await openJournal(model, prepared, request, planned, writer)
  const tell = (done: number, total: number, secondsLeft: number | null) =>
    onProgress({ stage: 'inference', done, total, secondsLeft })
  if (journal?.finished) tell(journal.finished, planned, null)

  const infer = () => {
    const clock = tileClock()
    let told = 0
    return slidingWindow({
      dims,
      channels,
      body,
      patchSize,
      overlap: network.overlap,
      blendSigma: network.blendSigma,
      runTile: journal ? (input) => journal.tile(input, model.runTile) : model.runTile,
      onTile: (at, total) => {
        const { computed, finished } = journal ?? { computed: at, finished: at }
        // What was taken over was told at the start.
        if (computed === told) return
        told = computed
        tell(finished, total, clock(computed, total - finished))
      },
    })
  }
  try {
    const scored = await infer().catch(async (error) => {
      if (!journal || !(error instanceof DoubtfulTiles)) throw error
      journal.restart()
      return infer()
    })
    // Devices have been seen to fail silently after a good start, when memory ran short; processors with bad memory
    // do as well. Before the map is written: what fails here leaves none.
    const goldenDeviationAtEnd = await model.verify()
    await journal?.close()
    const resumed = journal?.resumed ?? 0
    const warnings = [...(journal?.warnings ?? []), ...(resumed > 0 ? [resumedTiles(resumed, planned)] : [])]
    return { ...scored, tiles: planned, resumed, goldenDeviationAtEnd, warnings }
  } catch (error) {
    await journal?.discard()
    throw error
  }
}

/** Bytes per source voxel of what is written after the tiles: score, mask or steps, component tree. */
const RESULT_BYTES_PER_VOXEL = 9

async function openJournal(
  { pkg, report, tile }: ModelSession,
  { grid, channels, body }: Preprocessed,
  { resumeFolder, grid: source }: Extract<EngineRequest, { type: 'screen' }>,
  tiles: number,
  writer: TileWriter | undefined,
): Promise<TileJournal | undefined> {
  if (resumeFolder === undefined || !writer) return undefined
  const { patchSize, file } = tile
  // The device, too: a run says on what it ran, and one device must not answer for another's tiles.
  const facts = { package: pkg.hash, file: file.sha256, patchSize, device: report.device, dims: grid.dims }
  return TileJournal.open({
    path: journalFile(resumeFolder, report.device),
    // What the network is shown says more than its source: another version of the preprocessing shows other values.
    key: runKey(facts, [...channels.map(channelValues), body]),
    voxels: voxelCount({ dims: patchSize }),
    tiles,
    roomForOthers: RESULT_BYTES_PER_VOXEL * voxelCount(source),
    tolerance: report.goldenTolerance,
    writer,
  })
}

/** Seconds left from the mean time of the tiles so far. The first is not counted: it warms the device up. */
function tileClock(): (computed: number, left: number) => number | null {
  let afterFirst: number | undefined
  return (computed, left) => {
    const now = performance.now()
    if (afterFirst === undefined) {
      afterFirst = now
      return null
    }
    return ((now - afterFirst) / (computed - 1) / 1000) * left
  }
}
