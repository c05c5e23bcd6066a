import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

/** A whole input that can be opened; the fuzzer damages one of its files. */
export interface FuzzInput {
  name: string
  files: { name: string; bytes: Uint8Array }[]
  /** What is opened: a file of the input, or the folder that holds them all. */
  open: string | undefined
}

const GOLDEN = resolve(import.meta.dirname, '../golden')

/** One entry for each kind of input that can be opened, from the goldens of the readers' tests. */
export function fuzzInputs(): FuzzInput[] {
  const series = ['readers/dicom', 'codecs', 'multiframe'].flatMap((folder) => seriesBelow(folder))
  const zipped = series.find((s) => s.name.endsWith('/axial'))!
  return [...series, ...niftiFiles(), ...volumeFiles(), { ...archive(zipped.files), name: 'zip' }]
}

/** Each folder of DICOM files is a series. */
function seriesBelow(folder: string): FuzzInput[] {
  const root = join(GOLDEN, folder)
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((path) => {
      const files = readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.json'))
        .map(({ name }) => ({ name, bytes: new Uint8Array(readFileSync(join(path, name))) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      return files.length > 0 ? [{ name: path.slice(GOLDEN.length + 1), files, open: undefined }] : []
    })
}

/** A few of the NIfTI goldens, plain and compressed. */
function niftiFiles(): FuzzInput[] {
  const cases = JSON.parse(readFileSync(join(GOLDEN, 'readers/nifti.json'), 'utf8')) as {
    name: string
    file: string
    gz: boolean
  }[]
  return cases
    .filter((_, i) => i % 7 === 0)
    .map(({ name, file, gz }) =>
      single(`nifti/${name}`, gz ? 'ct.nii.gz' : 'ct.nii', Buffer.from(file, 'base64')),
    )
}

/** NRRD and MetaImage goldens: files of one, or of a header with its data beside it. */
function volumeFiles(): FuzzInput[] {
  const path = join(GOLDEN, 'volumeFiles/fuzz.json')
  if (!existsSync(path)) return []
  const cases = JSON.parse(readFileSync(path, 'utf8')) as { name: string; files: Record<string, string> }[]
  return cases.map(({ name, files }) => ({
    name: `volume/${name}`,
    files: Object.entries(files).map(([file, base64]) => ({
      name: file,
      bytes: new Uint8Array(Buffer.from(base64, 'base64')),
    })),
    open: Object.keys(files)[0],
  }))
}

function single(name: string, file: string, bytes: Uint8Array): FuzzInput {
  return { name, files: [{ name: file, bytes: new Uint8Array(bytes) }], open: file }
}

/** A ZIP (APPNOTE 4.3) of deflated entries. */
function archive(files: FuzzInput['files']): FuzzInput {
  const pieces: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, bytes } of files) {
    const packed = deflateRawSync(bytes)
    const nameBytes = Buffer.from(name)
    // Version, flags, method, time, date, CRC, sizes, name length, extra length: the same in both headers.
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, nameBytes]))
    pieces.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return single('zip', 'scan.zip', Buffer.concat([...pieces, central, end]))
}
