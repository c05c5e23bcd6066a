// Writes procedural CT phantoms without lesions as NIfTI-1 files, for the training recipe (models/recipe):
//   node scripts/phantoms.ts --count 20 --seed 1 --spacing 2 --out DIR
// Files are phantom_<seed>.nii, int16 HU, the affine in the sform and the qform. Existing files are kept, so that an
// interrupted run resumes. With --lesions, also truth_<seed>.nii (uint8, lesion number).
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makePhantom } from '../main/imaging/phantom/index.ts'
import type { Volume } from '../main/imaging/volume.ts'

/** NIfTI-1 single file (n+1), for grids with identity direction in LPS: RAS flips the first two axes' signs. */
function niftiBytes(volume: Volume<Int16Array> | Volume<Uint8Array>): Buffer {
  const { dims, spacing, origin, voxels } = volume
  const header = Buffer.alloc(352)
  const bits = voxels.BYTES_PER_ELEMENT * 8
  header.writeInt32LE(348, 0)
  for (const [n, size] of [3, ...dims, 1, 1, 1, 1].entries()) header.writeInt16LE(size, 40 + 2 * n)
  header.writeInt16LE(bits === 16 ? 4 : 2, 70)
  header.writeInt16LE(bits, 72)
  // qfac 1 with quaternion (0, 0, 1): half a turn about z, diag(−1, −1, 1).
  for (const [n, size] of [1, ...spacing].entries()) header.writeFloatLE(size, 76 + 4 * n)
  header.writeFloatLE(352, 108)
  header.writeFloatLE(1, 112)
  header.writeUInt8(2, 123)
  header.write('procedural CT phantom', 148)
  header.writeInt16LE(1, 252)
  header.writeInt16LE(1, 254)
  for (const [n, value] of [0, 0, 1, -origin[0], -origin[1], origin[2]].entries())
    header.writeFloatLE(value, 256 + 4 * n)
  const rows = [
    [-spacing[0], 0, 0, -origin[0]],
    [0, -spacing[1], 0, -origin[1]],
    [0, 0, spacing[2], origin[2]],
  ]
  for (const [n, value] of rows.flat().entries()) header.writeFloatLE(value, 280 + 4 * n)
  header.write('n+1\0', 344, 'latin1')
  return Buffer.concat([header, Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength)])
}

function write(path: string, bytes: Buffer): void {
  writeFileSync(`${path}.partial`, bytes)
  renameSync(`${path}.partial`, path)
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    spacing: { type: 'string', default: '2' },
    out: { type: 'string' },
    lesions: { type: 'boolean', default: false },
  },
})
const [count, first, spacing] = [Number(values.count), Number(values.seed), Number(values.spacing)]
if (!values.out || !(count >= 1) || !Number.isInteger(first) || !(spacing > 0)) {
  console.error('Usage: node scripts/phantoms.ts --count N --seed S --spacing MM --out DIR [--lesions]')
  process.exit(2)
}
mkdirSync(values.out, { recursive: true })
for (let seed = first; seed < first + count; seed++) {
  const path = join(values.out, `phantom_${seed}.nii`)
  if (existsSync(path)) continue
  const phantom = makePhantom({ seed, spacing: [spacing, spacing, spacing], lesions: values.lesions })
  if (values.lesions) write(join(values.out, `truth_${seed}.nii`), niftiBytes(phantom.truth))
  write(path, niftiBytes(phantom.volume))
  console.log(path)
}
