import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import type { DicomHeader } from '../../imaging/dicom/header.ts'
import { DicomParseFailure, parseDicom } from '../../imaging/dicom/parse.ts'
import { scanDicom } from '../../imaging/dicom/scan.ts'
import type { Drawing, DrawnOver } from './drawing.ts'
import { RT_STRUCTURE_SET, readRtStruct } from './readRtStruct.ts'
import { readSeg, SEGMENTATION } from './readSeg.ts'

/**
 * The one DICOM Segmentation or RT Structure Set of a folder, or of the folders below it; undefined where the folder
 * holds no DICOM at all.
 * @throws WorkstationError 'input/case-incomplete' where there is DICOM, but none of the two, or several;
 *   'input/unreadable', 'input/damaged'
 */
export async function findDicomTruth(folder: string): Promise<DicomHeader | undefined> {
  const { series, damaged } = await scanDicom(folder).catch((error) => {
    if (error instanceof WorkstationError) throw error
    throw new WorkstationError('input/unreadable', `The folder ${folder} cannot be read.`, error)
  })
  if (series.size === 0 && damaged.length === 0) return undefined
  const found = [...series.values()].flat().filter(({ sopClassUid }) => isTruth(sopClassUid))
  const broken = damaged.find(({ sopClassUid }) => isTruth(sopClassUid))
  if (broken) throw damagedTruth(broken.file, broken.reason)
  const [only, ...more] = found
  if (!only) {
    throw new WorkstationError(
      'input/case-incomplete',
      'The case has no truth beside its DICOM images: neither a segmentation (SEG) nor a structure set (RTSTRUCT).',
      folder,
    )
  }
  if (more.length > 0) {
    throw new WorkstationError(
      'input/case-incomplete',
      `The case has ${found.length} files with truth (${found.map(({ file }) => basename(file)).join(', ')}): leave one of them in its folder.`,
      folder,
    )
  }
  return only
}

function isTruth(sopClassUid: string): boolean {
  return sopClassUid === SEGMENTATION || sopClassUid === RT_STRUCTURE_SET
}

/**
 * What the segmentation or structure set draws, on the CT's grid.
 * @throws WorkstationError of kind 'input', as readSeg and readRtStruct; so does drawing
 */
export async function readDicomTruth(header: DicomHeader, ct: DrawnOver): Promise<Drawing> {
  return withSentences(header.file, async () => {
    const dataSet = parseDicom(await readFile(header.file))
    if (dataSet.overruns) throw damagedTruth(header.file, 'it ends within its header')
    const isSeg = header.sopClassUid === SEGMENTATION
    const { structures, draw } = isSeg ? readSeg(header, dataSet, ct) : readRtStruct(dataSet, ct)
    return { structures, draw: (chosen) => withSentences(header.file, async () => draw(chosen)) }
  })
}

async function withSentences<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof WorkstationError) throw error
    if (error instanceof DicomParseFailure) throw damagedTruth(file, error.message)
    const code = (error as NodeJS.ErrnoException).code
    throw code?.startsWith('E')
      ? new WorkstationError('input/unreadable', `The file ${file} cannot be read (${code}).`, error)
      : damagedTruth(file, 'what it draws cannot be decoded', error)
  }
}

function damagedTruth(file: string, reason: string, detail?: unknown): WorkstationError {
  return new WorkstationError(
    'input/damaged',
    `The file ${basename(file)} is damaged: ${reason}.`,
    detail ?? file,
  )
}
