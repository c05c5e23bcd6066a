import type { OutlineRecord, ReviewRecord } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import { type Grid, voxelCount } from '../imaging/volume.ts'

/**
 * Refuses what cannot be said about a finding on the run's grid.
 * @throws WorkstationError `usage/finding-key`, `usage/outline`
 */
export function checkReview({ key, outline }: ReviewRecord, grid: Pick<Grid, 'dims'>): void {
  if (key.startsWith('peak-')) {
    if (Number(key.slice('peak-'.length)) >= voxelCount(grid))
      throw new WorkstationError('usage/finding-key', 'This finding does not lie within the scan.', key)
  } else if (!outline)
    throw new WorkstationError('usage/outline', 'A finding that was drawn must have an outline.', key)
  if (outline) checkOutline(outline, grid)
}

function checkOutline({ min, max, bits }: OutlineRecord, { dims }: Pick<Grid, 'dims'>): void {
  const whole = [...min, ...max].every(Number.isInteger)
  const inside = dims.every((n, axis) => min[axis] >= 0 && min[axis] <= max[axis] && max[axis] < n)
  if (!whole || !inside)
    throw new WorkstationError(
      'usage/outline',
      'The outline does not lie within the scan.',
      `${min} to ${max} in ${dims}`,
    )
  const voxels = dims.reduce((product, _, axis) => product * (max[axis] - min[axis] + 1), 1)
  const wanted = Math.ceil(voxels / 8)
  const bytes = Buffer.byteLength(bits, 'base64')
  if (bytes !== wanted)
    throw new WorkstationError(
      'usage/outline',
      'The outline is damaged: its voxels do not fill its box.',
      `${bytes} bytes for ${voxels} voxels`,
    )
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MAX_THUMBNAIL_EDGE = 128

/** The bytes of a thumbnail. @throws WorkstationError `usage/thumbnail` for what is no PNG, or a larger one */
export function thumbnailBytes(base64: string): Uint8Array {
  const png = Buffer.from(base64, 'base64')
  // PNG (ISO/IEC 15948) 11.2.2: the first chunk is IHDR, width and height are its first eight bytes.
  const isPng = png.length > 24 && png.subarray(0, 8).equals(PNG_SIGNATURE)
  if (!isPng || png.readUInt32BE(16) > MAX_THUMBNAIL_EDGE || png.readUInt32BE(20) > MAX_THUMBNAIL_EDGE)
    throw new WorkstationError('usage/thumbnail', 'The thumbnail is no PNG of at most 128 × 128 pixels.')
  return png
}
