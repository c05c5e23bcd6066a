import type { Warning } from '../errors.ts'
import type { Grid } from '../imaging/volume.ts'
import type { DevicePreference } from './devices.ts'
import type { ModelPackage } from './package.ts'
import type {
  DeviceReport,
  EngineProgress,
  EngineResult,
  FindingsParameters,
  ReviewParameters,
  Unscored,
} from './protocol.ts'

/** A network on a device. */
export interface EngineSetup {
  pkg: ModelPackage
  device: DevicePreference
  /** CPU threads; the number of physical cores where absent. */
  threads?: number
}

/** One scan to screen. The work folder holds WORK_FILES.volume and belongs to the caller, who also removes it. */
export interface EngineJob extends EngineSetup {
  workFolder: string
  /** The source grid. */
  grid: Grid
  /** What to look for in the score map; null for the map alone. */
  findings: FindingsParameters | null
  /** What to make for a reader's screen; nothing where absent. */
  review?: ReviewParameters | null
  /** What unscored voxels hold; `lowest` where absent. */
  unscored?: Unscored
  /** Slices that get no score (OpenedCt.filledSlices); none where absent. */
  filledSlices?: readonly number[]
  /**
   * Where the tiles of this run are kept while it goes on, and from where it goes on if it was interrupted; nowhere
   * where absent. The caller's, as the work folder is, but meant to outlast the run if the engine dies.
   */
  resumeFolder?: string
}

export interface EngineOptions {
  signal?: AbortSignal
  onProgress?: (progress: EngineProgress) => void
  /** Each step of a fall-back, as it happens. The same warnings are in the result. */
  onWarning?: (warning: Warning) => void
  /** A device was proved and is about to run. */
  onDevice?: (report: DeviceReport) => void
}

export interface EngineOutcome extends EngineResult {
  /** The device that really ran. */
  device: DeviceReport
}
