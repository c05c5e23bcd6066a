import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import { comparable, type InputFile } from '../inputs/files.ts'
import { DicomParseFailure, parseDicom } from './parse.ts'

/** An index of a hundred thousand images takes about 60 MB. */
const MAX_DICOMDIR_BYTES = 256 * 2 ** 20

/**
 * The files that a DICOMDIR lists: Referenced File ID (0004,1500) of the items of the Directory Record Sequence
 * (0004,1220), DICOM PS3.3 F.3. Offsets between the records are not used, so an index with wrong ones is read too.
 * @returns for each file the names of its folders and its own, as stored
 * @throws WorkstationError input/damaged
 */
export async function readDicomdir(path: string, name: string = path): Promise<string[][]> {
  if ((await stat(path)).size > MAX_DICOMDIR_BYTES) {
    throw new WorkstationError('input/damaged', `The DICOMDIR index ${name} is too large to be one.`)
  }
  const bytes = new Uint8Array(await readFile(path))
  let ids: string[][]
  try {
    const index = parseDicom(bytes)
    if (index.overruns) throw new DicomParseFailure('it ends within an element', index)
    ids = index.items('00041220').map((record) => record.strings('00041500'))
  } catch (error) {
    if (!(error instanceof DicomParseFailure)) throw error
    ids = fileIdsWithoutStructure(bytes).map(parts)
    if (ids.length === 0) {
      throw new WorkstationError(
        'input/damaged',
        `The DICOMDIR index ${name} is damaged or cut short; open the folder that it lies in.`,
        error,
      )
    }
  }
  return ids.filter((id) => id.some(Boolean))
}

function parts(fileId: string): string[] {
  return fileId.split('\\').map((part) => part.replaceAll('\0', '').trim())
}

/**
 * File IDs of an index whose lengths contradict each other, as tools leave them that edit it in place: the elements
 * (0004,1500) CS are looked for one by one, in Explicit VR Little Endian, as PS3.10 8.6 wants a DICOMDIR.
 */
function fileIdsWithoutStructure(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const element = Buffer.from('040000154353', 'hex')
  const ids: string[] = []
  for (let at = buffer.indexOf(element); at >= 0; at = buffer.indexOf(element, at + element.length)) {
    const start = at + element.length + 2
    if (start > buffer.length) break
    const end = start + buffer.readUInt16LE(start - 2)
    if (end <= buffer.length) ids.push(buffer.toString('latin1', start, end))
  }
  return ids
}

/**
 * Finds the files that a DICOMDIR lists, below the folder that it lies in and nowhere else. Media often change the
 * case of names, so that of a name that is not there as stored does not count.
 * @returns what was found, in the order of the index, and the names of what was not
 */
export async function findReferenced(
  dicomdir: string,
  references: readonly (readonly string[])[],
): Promise<{ files: InputFile[]; missing: string[] }> {
  const root = await realpath(dirname(dicomdir))
  const listings = new Map<string, Promise<string[]>>()
  const list = (folder: string) => {
    const known = listings.get(folder) ?? readdir(folder).catch(() => [])
    listings.set(folder, known)
    return known
  }
  const files = new Map<string, InputFile>()
  const missing: string[] = []
  for (const reference of references) {
    const path = await resolveInside(root, reference, list)
    if (path) files.set(path, { path, name: path })
    else missing.push(reference.join('/'))
  }
  return { files: [...files.values()], missing }
}

async function resolveInside(
  root: string,
  reference: readonly string[],
  list: (folder: string) => Promise<string[]>,
): Promise<string | undefined> {
  let path = root
  for (const part of reference) {
    if (!isName(part)) return undefined
    const names = await list(path)
    const name = names.includes(part) ? part : names.find((each) => each.toLowerCase() === part.toLowerCase())
    if (name === undefined) return undefined
    path = join(path, name)
  }
  // A link may lead out of the folder, whatever it is called.
  const real = await realpath(path).catch(() => '')
  return real.startsWith(root + sep) && (await stat(real)).isFile() ? path : undefined
}

function isName(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !/[/\\:\0]/.test(part)
}

/**
 * Which files that a DICOMDIR lists are not among those found, for an index whose folder was looked through as a whole.
 * @param name of the DICOMDIR, of the same kind as `names`
 * @param names of all files found, in lower case, with forward slashes
 */
export function notAmong(
  references: readonly (readonly string[])[],
  name: string,
  names: ReadonlySet<string>,
): string[] {
  const folder = comparable(name).replace(/[^/]*$/, '')
  return references
    .filter((reference) => !names.has(folder + reference.join('/').toLowerCase()))
    .map((reference) => reference.join('/'))
}
