import type { RunDetails } from '../../preload/modelRecords.ts'
import { WorkstationError } from '../errors.ts'
import { RunRecord } from '../exporting/runRecord.ts'
import type { Library } from '../library/types.ts'
import { noSuchRun } from './failures.ts'

/**
 * What really ran, from the record that was written with the results.
 * @throws WorkstationError `input/no-such-run`; `input/run-gone` where the run is not done or its record is of no use
 */
export function runDetails(library: Library, runId: string): RunDetails {
  const run = library.getRun(runId)
  if (!run) throw noSuchRun()
  const record = RunRecord.safeParse(run.record)
  if (!record.success)
    throw new WorkstationError(
      'input/run-gone',
      'This screening has no record of how it was made.',
      record.error.message,
    )
  const { device, result, model, seconds } = record.data
  return {
    modelHash: model.hash,
    deviceRequested: device.requested,
    device: device.device,
    threads: device.threads,
    partlyOnCpu: device.partlyOnCpu,
    patchSize: device.patchSize ?? null,
    tiles: result.tiles,
    goldenDeviation: device.goldenDeviation,
    goldenDeviationAtEnd: device.goldenDeviationAtEnd ?? null,
    goldenTolerance: device.goldenTolerance,
    seconds,
    warnings: run.warnings,
  }
}
