import type { CodecName } from './codecs.ts'

/** The DICOM unique identifiers this product knows by name (DICOM PS3.6 Annex A). */

export interface TransferSyntax {
  name: string
  /** How the pixel data are stored; undefined where this product has no decoder. */
  decoder?: 'native' | 'rle' | 'jpeg-lossless' | 'jpeg-dct' | CodecName
  bigEndian?: boolean
  /** The data set itself is compressed. */
  deflated?: boolean
  /** The encoding loses information, whatever Lossy Image Compression (0028,2110) says. */
  lossy?: boolean
  /** It may lose information: lossy unless Lossy Image Compression (0028,2110) is 00. */
  perhapsLossy?: boolean
}

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2'
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2'

export const TRANSFER_SYNTAXES: Readonly<Record<string, TransferSyntax>> = {
  [IMPLICIT_LITTLE_ENDIAN]: { name: 'Implicit VR Little Endian', decoder: 'native' },
  [EXPLICIT_LITTLE_ENDIAN]: { name: 'Explicit VR Little Endian', decoder: 'native' },
  '1.2.840.10008.1.2.1.99': { name: 'Deflated Explicit VR Little Endian', decoder: 'native', deflated: true },
  [EXPLICIT_BIG_ENDIAN]: { name: 'Explicit VR Big Endian', decoder: 'native', bigEndian: true },
  '1.2.840.10008.1.2.5': { name: 'RLE Lossless', decoder: 'rle' },
  '1.2.840.10008.1.2.4.50': { name: 'JPEG Baseline (Process 1)', decoder: 'jpeg-dct', lossy: true },
  '1.2.840.10008.1.2.4.51': { name: 'JPEG Extended (Process 2 and 4)', decoder: 'jpeg-dct', lossy: true },
  '1.2.840.10008.1.2.4.53': { name: 'JPEG Spectral Selection (Process 6 and 8, retired)', lossy: true },
  '1.2.840.10008.1.2.4.55': { name: 'JPEG Full Progression (Process 10 and 12, retired)', lossy: true },
  '1.2.840.10008.1.2.4.57': { name: 'JPEG Lossless (Process 14)', decoder: 'jpeg-lossless' },
  '1.2.840.10008.1.2.4.70': {
    name: 'JPEG Lossless, First-Order Prediction (Process 14, Selection Value 1)',
    decoder: 'jpeg-lossless',
  },
  '1.2.840.10008.1.2.4.80': { name: 'JPEG-LS Lossless', decoder: 'jpeg-ls' },
  '1.2.840.10008.1.2.4.81': { name: 'JPEG-LS Near-Lossless', decoder: 'jpeg-ls', lossy: true },
  '1.2.840.10008.1.2.4.90': { name: 'JPEG 2000 Lossless', decoder: 'jpeg-2000' },
  '1.2.840.10008.1.2.4.91': { name: 'JPEG 2000', decoder: 'jpeg-2000', perhapsLossy: true },
  '1.2.840.10008.1.2.4.92': { name: 'JPEG 2000 Part 2 Lossless' },
  '1.2.840.10008.1.2.4.93': { name: 'JPEG 2000 Part 2' },
  '1.2.840.10008.1.2.4.110': { name: 'JPEG XL Lossless' },
  '1.2.840.10008.1.2.4.111': { name: 'JPEG XL JPEG Recompression' },
  '1.2.840.10008.1.2.4.112': { name: 'JPEG XL' },
  '1.2.840.10008.1.2.4.201': { name: 'High-Throughput JPEG 2000 Lossless', decoder: 'htj2k' },
  '1.2.840.10008.1.2.4.202': { name: 'High-Throughput JPEG 2000 with RPCL Lossless', decoder: 'htj2k' },
  '1.2.840.10008.1.2.4.203': { name: 'High-Throughput JPEG 2000', decoder: 'htj2k', perhapsLossy: true },
  '1.2.840.10008.1.2.8.1': { name: 'Deflated Image Frame Compression' },
}

export function transferSyntaxName(uid: string): string {
  return TRANSFER_SYNTAXES[uid]?.name ?? (uid ? `unknown (${uid})` : 'not stated')
}

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
export const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'

/** Multi-frame CT: several slices in one object. */
export const MULTI_FRAME_CT: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.2.1', // Enhanced CT Image Storage
  '1.2.840.10008.5.1.4.1.1.2.2', // Legacy Converted Enhanced CT Image Storage
])
