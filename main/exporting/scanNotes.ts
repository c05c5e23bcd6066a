import type { Warning } from '../errors.ts'
import type { Source } from '../imaging/source.ts'

/**
 * What was done to a scan before it was screened, for results that leave their run.json behind: compression loss and
 * slices that no stored image shows. Short plain ASCII, as "lossy source; 3 of 60 slices interpolated"; empty where
 * voxels are those of the stored images.
 */
export function sourceNote(source: Source): string {
  if (source.kind !== 'dicom') return ''
  const interpolated = source.slices.filter((image) => image === null).length
  return [
    source.lossy ? 'lossy source' : '',
    interpolated > 0 ? `${interpolated} of ${source.slices.length} slices interpolated` : '',
  ]
    .filter(Boolean)
    .join('; ')
}

/** Longest text of an LT element, characters (DICOM PS3.5 Table 6.2-1). */
const LONGEST_LT = 10240

/**
 * The reader's warnings as Image Comments (0020,4000), and what frames without a source image mean. Empty where there
 * is nothing to say.
 */
export function imageComments(source: Source, warnings: readonly Warning[]): string {
  const sentences = warnings.map(({ message }) => message)
  if (source.kind === 'dicom' && source.slices.includes(null)) {
    const { length } = source.slices
    const interpolated = source.slices.filter((image) => image === null).length
    sentences.push(
      interpolated === length
        ? 'The segmentation lies on a grid that was resampled from the source images: its rows and columns need not be theirs, and its frames name no source image.'
        : `${interpolated} of ${length} slices were interpolated from the source images: frames there name no source image.`,
    )
  }
  return sentences.join(' ').slice(0, LONGEST_LT)
}

/** Characters of this product's sentences that ASCII lacks, and what to write for them. */
const ASCII: Record<string, string> = {
  '−': '-',
  '–': '-',
  '—': '-',
  '×': 'x',
  '’': "'",
  '“': '"',
  '”': '"',
  '·': '*',
  '≥': '>=',
}

/** Text in plain ASCII, for files whose readers may not expect UTF-8: letters lose their marks, the unknown become ?. */
export function asciiText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^\x20-\x7e]/gu, (character) => ASCII[character] ?? (/\s/.test(character) ? ' ' : '?'))
}
