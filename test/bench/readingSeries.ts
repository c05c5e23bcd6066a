import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeCtSeries } from '../../main/exporting/dicomSeries.ts'
import { makePhantom } from '../../main/imaging/phantom/index.ts'
import { type CtVolume, type Vec3, voxelCount } from '../../main/imaging/volume.ts'

const run = promisify(execFile)
const SPACING: Vec3 = [0.7, 0.7, 0.8]
/** Pictures that differ; longer series repeat them under other UIDs and positions. */
const PICTURES = 100
/** As most scanners store it. */
const INTERCEPT = -1024

/** Writes the distinct pictures of 512 × 512 as DICOM files, uncompressed explicit little endian. */
export async function makePictures(folder: string): Promise<void> {
  const half: Vec3 = [256, 256, PICTURES / 2]
  const coarse: Vec3 = [2 * SPACING[0], 2 * SPACING[1], 2 * SPACING[2]]
  const { volume } = makePhantom({ seed: 1, dims: half, spacing: coarse, lesions: true })
  const dims: Vec3 = [512, 512, PICTURES]
  const voxels = new Int16Array(voxelCount({ dims }))
  const noise = gaussian(12)
  for (let z = 0, at = 0; z < PICTURES; z++) {
    for (let y = 0; y < 512; y++) {
      const row = half[0] * ((y >> 1) + half[1] * (z >> 1))
      for (let x = 0; x < 512; x++, at++) voxels[at] = volume.voxels[row + (x >> 1)] + noise() - INTERCEPT
    }
  }
  const doubled: CtVolume = { ...volume, dims, spacing: SPACING, voxels }
  await writeCtSeries(folder, doubled, { patientName: 'Bench', patientId: 'BENCH' })
}

/** Compresses every file of a folder as JPEG 2000 lossless with gdcmconv, several at a time. */
export async function compressPictures(from: string, to: string): Promise<void> {
  await mkdir(to)
  const names = (await readdir(from)).sort()
  const lane = async () => {
    for (let name = names.pop(); name; name = names.pop())
      await run('gdcmconv', ['--j2k', join(from, name), join(to, name)])
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
}

/** Makes a series of `slices` images out of the pictures: one file each, 0.8 mm apart. */
export async function makeSeries(pictures: string, folder: string, slices: number): Promise<void> {
  await mkdir(folder)
  const names = (await readdir(pictures)).sort()
  const files = await Promise.all(names.map((name) => readFile(join(pictures, name))))
  for (let k = 0; k < slices; k++) {
    const file = renumbered(files[k % files.length]!, k)
    await writeFile(join(folder, `IM${String(k + 1).padStart(5, '0')}.dcm`), file)
  }
}

/** The picture as image k of a series of its own: other SOP Instance UID, Instance Number and position. */
function renumbered(picture: Buffer, k: number): Buffer {
  const uid = textOf(picture, 0x0008, 0x0018, 'UI')
  const named = `${uid.replace(/[\0 ]+$/, '').slice(0, -4)}${k + 1000}`.padEnd(uid.length, '\0')
  let out = withValue(picture, 0x0002, 0x0003, 'UI', named)
  out = withValue(out, 0x0008, 0x0018, 'UI', named)
  out = withValue(out, 0x0020, 0x0013, 'IS', String(k + 1))
  const [x, y] = textOf(out, 0x0020, 0x0032, 'DS').split('\\')
  out = withValue(out, 0x0020, 0x0032, 'DS', `${x}\\${y}\\${(k * SPACING[2]).toFixed(1)}`)
  return withValue(out, 0x0028, 0x1052, 'DS', String(INTERCEPT))
}

function place(file: Buffer, group: number, element: number, vr: string): [value: number, end: number] {
  const key = Buffer.alloc(6)
  key.writeUInt16LE(group, 0)
  key.writeUInt16LE(element, 2)
  key.write(vr, 4, 'latin1')
  const at = file.indexOf(key)
  if (at < 0) throw new Error(`no element ${group.toString(16)},${element.toString(16)} in the picture`)
  return [at + 8, at + 8 + file.readUInt16LE(at + 6)]
}

function textOf(file: Buffer, group: number, element: number, vr: string): string {
  return file.toString('latin1', ...place(file, group, element, vr))
}

/** A copy of an explicit little-endian file with another value of a short text element. */
function withValue(file: Buffer, group: number, element: number, vr: string, value: string): Buffer {
  const [start, end] = place(file, group, element, vr)
  const data = Buffer.from(value.length % 2 ? `${value} ` : value, 'latin1')
  const length = Buffer.alloc(2)
  length.writeUInt16LE(data.length)
  return Buffer.concat([file.subarray(0, start - 2), length, data, file.subarray(end)])
}

/** Normal noise of a standard deviation in HU, rounded; the same each time (Box-Muller on a congruential generator). */
function gaussian(deviation: number): () => number {
  let state = 1
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 1) / 2 ** 32
  }
  return () => Math.round(deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()))
}
