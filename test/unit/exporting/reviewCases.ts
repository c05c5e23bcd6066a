import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { FindingReview } from '../../../main/exporting/reviewedFindings.ts'
import type { Calibration } from '../../../main/findings/level.ts'
import { type Grid, type Vec3, voxelCount } from '../../../main/imaging/volume.ts'

/** Level 99 at score 1, 99.9 at 2, 99.99 at 3. */
export const CALIBRATION: Calibration = { percentile: [0, 99, 99.9, 99.99], score: [-1, 1, 2, 3] }

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'review-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Box {
  /** Both ends inclusive. */
  min: Vec3
  max: Vec3
}

export const offsetOf = ({ dims }: Pick<Grid, 'dims'>, [i, j, k]: Vec3) => i + dims[0] * (j + dims[1] * k)

export function voxelsOf({ min, max }: Box): Vec3[] {
  const list: Vec3[] = []
  for (let k = min[2]; k <= max[2]; k++)
    for (let j = min[1]; j <= max[1]; j++) for (let i = min[0]; i <= max[0]; i++) list.push([i, j, k])
  return list
}

/** HU that differ from voxel to voxel. */
export const huAt = (offset: number) => ((offset * 37) % 400) - 200

/** Raw files of a run: unscored but for the boxes, the later over the earlier. */
export function runFiles(grid: Grid, boxes: readonly (Box & { score: number })[]) {
  const score = new Float32Array(voxelCount(grid)).fill(CALIBRATION.score[0])
  for (const box of boxes) for (const voxel of voxelsOf(box)) score[offsetOf(grid, voxel)] = box.score
  return rawFiles(score)
}

export function rawFiles(score: Float32Array) {
  const folder = temporaryFolder()
  const files = { score: join(folder, 'score.f32'), volume: join(folder, 'volume.i16') }
  writeFileSync(files.score, score)
  writeFileSync(
    files.volume,
    Int16Array.from(score, (_, offset) => huAt(offset)),
  )
  return files
}

/** An outline with every voxel of a box, but those for which `out` holds. */
export function outlineOf({ min, max }: Box, out: (voxel: Vec3) => boolean = () => false) {
  const inside = voxelsOf({ min, max }).map((voxel) => !out(voxel))
  const bytes = new Uint8Array(Math.ceil(inside.length / 8))
  inside.forEach((set, n) => {
    if (set) bytes[n >> 3] |= 1 << (n & 7)
  })
  return { min, max, bits: Buffer.from(bytes).toString('base64') }
}

export function review(key: string, change: Partial<FindingReview> = {}): FindingReview {
  const updatedAt = '2026-01-02T03:04:05.000Z'
  const nothing = { label: null, note: '', outline: null, thresholdLevel: null }
  return { key, state: 'confirmed', updatedAt, ...nothing, ...change }
}
