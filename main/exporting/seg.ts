import { open, rm } from 'node:fs/promises'
import packageJson from '../../package.json' with { type: 'json' }
import { type Warning, WorkstationError } from '../errors.ts'
import type { DicomSource, Source } from '../imaging/source.ts'
import { type Grid, voxelCount } from '../imaging/volume.ts'
import { encodeDicomHead, pixelDataHeader } from './dicomFile.ts'
import { asOutputError } from './outputError.ts'
import { imageComments } from './scanNotes.ts'
import { type SegFinding, segDataset } from './segDataset.ts'
import { packedLength, packFrames, planFrames } from './segFrames.ts'
import { segPlanes } from './segPlanes.ts'
import { newUid } from './uid.ts'

/** Largest even length of an element of defined length (PS3.5 7.1.1). */
const MAX_PIXEL_BYTES = 0xfffffffe

export interface SegRequest {
  /** Of the scan; voxels are not looked at. Warnings become the segmentation's Image Comments. */
  opened: { volume: Grid; source: Source; warnings?: readonly Warning[] }
  /** In segment order: the first becomes segment 1. */
  findings: readonly SegFinding[]
  /** On the volume's grid, in its voxel order: 0, or a finding's number. Other numbers are left out. */
  mask: Uint16Array
  model: { name: string; version: string }
  /** Anomaly level of the run, percentile. */
  level: number
  /** Of this product; the package's own where not given. */
  softwareVersion?: string
  /** Clock and UIDs, for files that come out the same twice. */
  now?: Date
  newUid?: () => string
}

/**
 * Writes the findings as a binary DICOM Segmentation (PS3.3 A.51, Explicit VR Little Endian): one segment per
 * finding, a frame on each slice that it touches, and there only. Row j and column i of a frame are row j and column i
 * of the source image it names; a frame on an interpolated slice names none and lies where its Plane Position says.
 * Pixel data is packed and written frame by frame.
 * @returns what was written, or null without findings: a segmentation needs a segment, so no file is made then
 * @throws WorkstationError output/seg-source (not DICOM, or images without identity), output/seg-geometry (the volume
 *   is not the stack of its source slices), output/seg-too-large, and those of asOutputError
 */
export async function writeSeg(
  path: string,
  request: SegRequest,
): Promise<{ segments: number; frames: number } | null> {
  const { findings, mask } = request
  const { volume, source } = request.opened
  if (findings.length === 0) return null
  if (source.kind !== 'dicom') {
    throw new WorkstationError(
      'output/seg-source',
      'A DICOM segmentation can only be written for a DICOM scan; this scan is not DICOM.',
    )
  }
  if (mask.length !== voxelCount(volume)) throw new RangeError(`${mask.length} mask voxels for the volume`)
  checkIdentity(source)
  const planes = segPlanes(volume, source)

  const segmentOf = new Int32Array(0x10000).fill(-1)
  findings.forEach((finding, segment) => {
    segmentOf[finding.number] = segment
  })
  const frames = planFrames(mask, volume.dims, segmentOf, findings.length, planes)
  const pixelBytes = packedLength(frames.length, volume.dims)
  if (pixelBytes > MAX_PIXEL_BYTES) {
    throw new WorkstationError(
      'output/seg-too-large',
      `There are too many findings for one DICOM segmentation (${findings.length} on ${frames.length} images); raise the anomaly level or the smallest volume.`,
    )
  }
  const dataset = segDataset({
    grid: volume,
    source,
    planes,
    findings,
    frames,
    model: request.model,
    level: request.level,
    softwareVersion: request.softwareVersion ?? packageJson.version,
    now: request.now ?? new Date(),
    newUid: request.newUid ?? newUid,
    comments: imageComments(source, request.opened.warnings ?? []),
  })
  const head = encodeDicomHead(dataset, request.softwareVersion ?? packageJson.version)
  try {
    const file = await open(path, 'w')
    try {
      // One call: FileHandle.writeFile keeps the position and takes pieces as they come.
      await file.writeFile(pieces(head, pixelBytes, packFrames(frames, mask, volume.dims, segmentOf)))
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined)
    throw asOutputError(error, path)
  }
  return { segments: findings.length, frames: frames.length }
}

function* pieces(head: Uint8Array, pixelBytes: number, frames: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield head
  // Bits Allocated is 1, and the frames are packed back to back.
  yield pixelDataHeader('OB', pixelBytes)
  for (const frame of frames) if (frame.length > 0) yield frame
}

function checkIdentity(source: DicomSource): void {
  const nameless = source.images.some((s) => s.sopInstanceUid === '' || s.sopClassUid === '')
  if (nameless || source.series.seriesInstanceUid === '') {
    throw new WorkstationError(
      'output/seg-source',
      'A DICOM segmentation cannot be written for this scan: its images carry no DICOM identity to refer to.',
    )
  }
}
