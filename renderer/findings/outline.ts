import type { Region } from '../../main/findings/region.ts'
import type { Vec3 } from '../../main/imaging/volume.ts'
import type { OutlineRecord } from '../../preload/records.ts'

/** A region as it is stored: one bit a voxel of its box, x fastest, lowest bit of a byte first, base64. */
export function encodeOutline({ min, max, voxels }: Pick<Region, 'min' | 'max' | 'voxels'>): OutlineRecord {
  if (voxels.length !== boxVoxels(min, max))
    throw new RangeError(`${voxels.length} voxels in the box ${min} … ${max}`)
  const bytes = new Uint8Array(Math.ceil(voxels.length / 8))
  for (let i = 0; i < voxels.length; i++) if (voxels[i] !== 0) bytes[i >> 3] |= 1 << (i & 7)
  return { min, max, bits: toBase64(bytes) }
}

/**
 * The region of a stored outline.
 * @throws RangeError where the bits are not those of the box
 */
export function decodeOutline({ min, max, bits }: OutlineRecord): Region {
  const binary = atob(bits)
  const count = boxVoxels(min, max)
  if (binary.length !== Math.ceil(count / 8))
    throw new RangeError(`${binary.length} bytes of outline in the box ${min} … ${max}`)
  const voxels = new Uint8Array(count)
  let voxelCount = 0
  for (let i = 0; i < count; i++) {
    const bit = (binary.charCodeAt(i >> 3) >> (i & 7)) & 1
    voxels[i] = bit
    voxelCount += bit
  }
  return { min, max, voxels, voxelCount }
}

const decoded = new WeakMap<OutlineRecord, Region>()

/** As `decodeOutline`, once for each record: records are replaced, never changed. */
export function regionOfOutline(outline: OutlineRecord): Region {
  let region = decoded.get(outline)
  if (!region) {
    region = decodeOutline(outline)
    decoded.set(outline, region)
  }
  return region
}

function boxVoxels(min: Vec3, max: Vec3): number {
  return (max[0] - min[0] + 1) * (max[1] - min[1] + 1) * (max[2] - min[2] + 1)
}

export function toBase64(bytes: Uint8Array): string {
  // In pieces: an argument list has a length that a large outline exceeds.
  const piece = 0x8000
  let binary = ''
  for (let at = 0; at < bytes.length; at += piece)
    binary += String.fromCharCode(...bytes.subarray(at, at + piece))
  return btoa(binary)
}
