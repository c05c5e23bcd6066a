import { constants, copyFile, link, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { WorkstationError } from '../errors.ts'
import type { Calibration } from '../findings/level.ts'
import { WORK_FILES } from '../inference/protocol.ts'
import type { OpenedScan } from '../reading/client.ts'
import { readScan, SCAN_FILE } from './scanFile.ts'

/** The files of a run that is done. Together they are all that a review and its export need but the voxels. */
export const RUN_FILES = {
  ...WORK_FILES,
  scan: SCAN_FILE,
  /** The package's table: the package itself may be gone, or another version, when the run is opened. */
  calibration: 'calibration.json',
  record: 'run.json',
} as const

const CalibrationFile = z.object({ percentile: z.array(z.number()), score: z.array(z.number()) })

export async function writeCalibration(folder: string, { percentile, score }: Calibration): Promise<void> {
  const text = `${JSON.stringify({ percentile, score })}\n`
  await writeFile(join(folder, RUN_FILES.calibration), text, { mode: 0o600 })
}

export interface RunFacts {
  scan: OpenedScan
  calibration: z.infer<typeof CalibrationFile>
}

/** @throws WorkstationError `input/run-gone` where the results are not all there */
export async function readRunFolder(folder: string): Promise<RunFacts> {
  try {
    for (const file of [RUN_FILES.score, RUN_FILES.steps, RUN_FILES.tree, RUN_FILES.profile])
      await stat(join(folder, file))
    const scan = await readScan(join(folder, RUN_FILES.scan))
    const text = await readFile(join(folder, RUN_FILES.calibration), 'utf8')
    return { scan, calibration: CalibrationFile.parse(JSON.parse(text)) }
  } catch (error) {
    const sentence = `The results of this screening are damaged or were removed from ${folder}. Screen the series again.`
    throw new WorkstationError('input/run-gone', sentence, error)
  }
}

/** The same file under another name; a copy where the disk knows no second name, sharing its blocks if it can. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch((error) => {
    if (error.code === 'ENOENT' || error.code === 'EEXIST' || error.code === 'ENOSPC') throw error
    return copyFile(from, to, constants.COPYFILE_FICLONE)
  })
}
