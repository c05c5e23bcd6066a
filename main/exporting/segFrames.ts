import type { Vec3 } from '../imaging/volume.ts'
import { positionAlongNormal, type SegPlanes } from './segPlanes.ts'

/** One frame of a binary segmentation: the voxels of one segment on one slice. */
export interface SegFrame {
  /** 0-based; segment number minus 1. */
  segment: number
  /** Index k of the slice in the volume. */
  slice: number
  /** 1-based rank of the slice's position along the slice normal, among the slices that have a frame. */
  positionIndex: number
  /** Rows that hold the segment's voxels, both ends inclusive. */
  firstRow: number
  lastRow: number
}

/**
 * The frames a segmentation needs: a segment has a frame on each slice where it has a voxel, and only there. In order
 * of segment, then of position along the slice normal (row × column direction), whichever way the volume's k runs.
 * @param mask the volume's voxel order; a voxel's value is the finding's number, 0 is none
 * @param segmentOf finding's number → segment, −1 for a number that is not exported
 */
export function planFrames(
  mask: Uint16Array,
  dims: Vec3,
  segmentOf: Int32Array,
  segmentCount: number,
  planes: SegPlanes,
): SegFrame[] {
  const [nx, ny, nz] = dims
  const frames: SegFrame[] = []
  const frameOf = new Map<number, SegFrame>()
  let offset = 0
  for (let k = 0; k < nz; k++) {
    frameOf.clear()
    let latest: SegFrame | undefined
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, offset++) {
        const number = mask[offset]
        if (number === 0) continue
        const segment = segmentOf[number] ?? -1
        if (segment < 0) continue
        if (latest?.segment !== segment) {
          latest = frameOf.get(segment)
          if (!latest) {
            latest = { segment, slice: k, positionIndex: 0, firstRow: j, lastRow: j }
            frameOf.set(segment, latest)
            frames.push(latest)
          }
        }
        latest.lastRow = j
      }
    }
  }
  rankPositions(frames, planes)
  const found = new Set(frames.map((f) => f.segment))
  for (let s = 0; s < segmentCount; s++) {
    if (!found.has(s)) throw new RangeError(`Segment ${s + 1} has no voxel in the mask`)
  }
  return frames.sort((a, b) => a.segment - b.segment || a.positionIndex - b.positionIndex)
}

function rankPositions(frames: SegFrame[], planes: SegPlanes): void {
  const position = positionAlongNormal(planes)
  const used = [...new Set(frames.map((f) => f.slice))].sort((a, b) => position[a] - position[b])
  const rank = new Map(used.map((slice, i) => [slice, i + 1]))
  for (const frame of frames) frame.positionIndex = rank.get(frame.slice)!
}

/** Length of the packed pixel data, bytes: 1 bit per pixel over all frames, padded to an even length. */
export function packedLength(frameCount: number, dims: Vec3): number {
  const bytes = Math.ceil((frameCount * dims[0] * dims[1]) / 8)
  return bytes + (bytes & 1)
}

/**
 * Pixel data of the frames, 1 bit per pixel: the first pixel is the least significant bit of the first byte, and a
 * frame starts at the bit after the last frame's last, not at a new byte (DICOM PS3.5 8.1.1, Annex D). One piece per
 * frame; together they are `packedLength` bytes.
 */
export function* packFrames(
  frames: SegFrame[],
  mask: Uint16Array,
  dims: Vec3,
  segmentOf: Int32Array,
): Generator<Uint8Array> {
  const [nx, ny] = dims
  const frameBits = nx * ny
  let carriedBits = 0
  let carry = 0
  let written = 0
  for (const frame of frames) {
    const bits = carriedBits + frameBits
    const bytes = new Uint8Array(Math.ceil(bits / 8))
    bytes[0] = carry
    const start = frame.slice * frameBits
    for (let pixel = frame.firstRow * nx; pixel < (frame.lastRow + 1) * nx; pixel++) {
      const number = mask[start + pixel]
      if (number !== 0 && segmentOf[number] === frame.segment) {
        const bit = carriedBits + pixel
        bytes[bit >> 3] |= 1 << (bit & 7)
      }
    }
    const whole = bits >> 3
    carriedBits = bits & 7
    carry = carriedBits > 0 ? bytes[whole] : 0
    written += whole
    yield bytes.subarray(0, whole)
  }
  const rest = packedLength(frames.length, dims) - written
  if (rest > 0) {
    const tail = new Uint8Array(rest)
    if (carriedBits > 0) tail[0] = carry
    yield tail
  }
}
