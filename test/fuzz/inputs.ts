import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { data, log } from 'dcmjs'
import { packZip } from '../unit/imaging/zipWriter.ts'

const { DicomDict, DicomMessage } = data
// It has a word to say about each value representation that it only learns from its context.
log.getLogger('validation.dcmjs').setLevel('silent')

/** A whole input that can be opened; the fuzzer damages one of its files. */
export interface FuzzInput {
  name: string
  files: { name: string; bytes: Uint8Array }[]
  /** What is opened: a file of the input, or the folder that holds them all. */
  open: string | undefined
  /** The file to damage; any of them where absent. */
  target?: string
  /** The archive that the files are packed into when one of them has been damaged; they lie open where absent. */
  packedAs?: string
}

const GOLDEN = resolve(import.meta.dirname, '../golden')

/** One entry for each kind of input that can be opened, from the goldens of the readers' tests. */
export function fuzzInputs(): FuzzInput[] {
  const series = seriesBelow('readers/dicom')
  const whole = series.find((s) => s.name.endsWith('/axial'))!.files
  // Archives and indexes are read by code of their own: as likely as three kinds of image each.
  const others = [
    archive(whole),
    archive(whole),
    packedFolder(whole),
    packedFolder(single('zipped nifti', 'ct.nii', niftiFiles()[0]!.files[0]!.bytes).files),
    dicomdir(whole),
    dicomdir(whole),
    dicomdir(whole),
  ]
  return [...series, ...multiFrameFiles(), ...codecSeries(), ...niftiFiles(), ...volumeFiles(), ...others]
}

/** Each folder of DICOM files is a series. */
function seriesBelow(folder: string): FuzzInput[] {
  const root = join(GOLDEN, folder)
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

/** Some of the NRRD, MetaImage and NIfTI-2 goldens: one file, or a header with its data beside it. */
function volumeFiles(): FuzzInput[] {
  return ['nrrd', 'metaimage', 'nifti'].flatMap((format) => {
    const text = readFileSync(join(GOLDEN, 'volumeFiles', `${format}.json`), 'utf8')
    const cases = JSON.parse(text) as { name: string; open: string; files: Record<string, string> }[]
    return cases
      .filter((_, i) => i % 9 === 0)
      .map(({ name, open, files }) => ({
        name: `${format}/${name}`,
        files: Object.entries(files).map(([file, base64]) => ({
          name: file,
          bytes: new Uint8Array(Buffer.from(base64, 'base64')),
        })),
        open,
      }))
  })
}

function multiFrameFiles(): FuzzInput[] {
  const folder = join(GOLDEN, 'multiframe')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.dcm'))
    .map((file) => single(`multiframe/${file}`, 'frames.dcm', readFileSync(join(folder, file))))
}

/** The single images of the codecs' goldens as series: three times the same picture, one above the other. */
function codecSeries(): FuzzInput[] {
  const folder = join(GOLDEN, 'codecs')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.dcm') && !file.startsWith('frames'))
    .map((file) => ({
      name: `codecs/${file}`,
      files: [0, 1, 2].map((k) => ({ name: `${k}.dcm`, bytes: placed(readFileSync(join(folder, file)), k) })),
      open: undefined,
    }))
}

function placed(file: Buffer, k: number): Uint8Array {
  const dicom = DicomMessage.readFile(new Uint8Array(file).buffer)
  dicom.dict['00080018'] = { vr: 'UI', Value: [`2.25.${k}`] }
  dicom.dict['00200032'] = { vr: 'DS', Value: ['0', '0', String(2 * k)] }
  dicom.dict['00200037'] = { vr: 'DS', Value: ['1', '0', '0', '0', '1', '0'] }
  dicom.dict['00280030'] = { vr: 'DS', Value: ['1', '1'] }
  return new Uint8Array(dicom.write())
}

/** A DICOMDIR (PS3.3 Annex F) that lists the files. */
function dicomdir(files: FuzzInput['files']): FuzzInput {
  const dicom = new DicomDict({
    '00020002': { vr: 'UI', Value: ['1.2.840.10008.1.3.10'] },
    '00020010': { vr: 'UI', Value: ['1.2.840.10008.1.2.1'] },
  })
  dicom.dict = {
    '00041220': {
      vr: 'SQ',
      Value: files.map(({ name }) => ({
        '00041430': { vr: 'CS', Value: ['IMAGE'] },
        '00041500': { vr: 'CS', Value: [name.toUpperCase()] },
      })),
    },
  }
  const index = { name: 'DICOMDIR', bytes: new Uint8Array(dicom.write()) }
  return { name: 'dicomdir', files: [...files, index], open: 'DICOMDIR', target: 'DICOMDIR' }
}

function single(name: string, file: string, bytes: Uint8Array): FuzzInput {
  return { name, files: [{ name: file, bytes: new Uint8Array(bytes) }], open: file }
}

function archive(files: FuzzInput['files']): FuzzInput {
  return single('zip', 'scan.zip', packZip(files.map(({ name, bytes }) => ({ name, data: bytes }))))
}

/** Files that are damaged before they are packed: the archive is sound, what comes out of it is not. */
function packedFolder(files: FuzzInput['files']): FuzzInput {
  return { name: 'inside a zip', files, open: 'scan.zip', packedAs: 'scan.zip' }
}
