import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { OpenedCt } from '../../../main/imaging/source.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { temporaryFolder } from './readerFixtures.ts'

/** A volume file with what an independent reader finds in it (made by test/golden/make_volume_files.py). */
export interface VolumeFileCase {
  name: string
  /** Which of the files to open. */
  open: string
  /** Contents in base64, by file name. */
  files: Record<string, string>
  dims: number[]
  /** For each voxel axis the step to the next voxel, LPS mm. */
  steps: number[][]
  /** LPS mm. */
  origin: number[]
  voxels: number[]
}

export function volumeFileCases(format: 'nrrd' | 'metaimage' | 'nifti'): VolumeFileCase[] {
  const path = resolve(import.meta.dirname, '../../golden/volumeFiles', `${format}.json`)
  return JSON.parse(readFileSync(path, 'utf8')) as VolumeFileCase[]
}

/** Writes files into a fresh folder and returns the path of the one to open. */
export function writeFiles(files: Record<string, Uint8Array | string>, opened: string): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return join(folder, opened)
}

export function writeCase({ files, open }: VolumeFileCase): string {
  const contents = Object.entries(files).map(([name, text]) => [name, Buffer.from(text, 'base64')] as const)
  return writeFiles(Object.fromEntries(contents), open)
}

/** Steps and origin of a volume in the order of a case's. */
export function geometryOf({ volume }: OpenedCt): number[] {
  const { direction, spacing, origin } = volume
  return [...[0, 1, 2].flatMap((axis) => stepOf(direction, axis, spacing[axis])), ...origin]
}

function stepOf(direction: readonly number[], axis: number, mm: number): Vec3 {
  return [direction[axis]! * mm, direction[axis + 3]! * mm, direction[axis + 6]! * mm]
}
