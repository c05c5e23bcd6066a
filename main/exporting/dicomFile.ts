import { data } from 'dcmjs'

export const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

/** Names this implementation in the file meta information (PS3.10 7.1); made once, for ever (PS3.5 B.2). */
const IMPLEMENTATION_CLASS_UID = '2.25.31279358161292270525302217590283502717'

/**
 * Preamble, file meta information and data set (by keyword, with SOPClassUID and SOPInstanceUID) in Explicit VR
 * Little Endian. Pixel Data has the highest tag, so that it follows and can be streamed: see `pixelDataHeader`.
 */
export function encodeDicomHead(dataset: Record<string, unknown>, softwareVersion: string): Uint8Array {
  const { DicomDict, DicomMetaDictionary } = data
  const file = new DicomDict(
    DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
      MediaStorageSOPClassUID: dataset.SOPClassUID,
      MediaStorageSOPInstanceUID: dataset.SOPInstanceUID,
      TransferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN,
      ImplementationClassUID: IMPLEMENTATION_CLASS_UID,
      ImplementationVersionName: `SCREENER ${softwareVersion}`.slice(0, 16),
    }),
  )
  file.dict = DicomMetaDictionary.denaturalizeDataset(dataset)
  return new Uint8Array(file.write())
}

/**
 * Pixel Data (7FE0,0010) of explicit VR little endian with its 32-bit length (PS3.5 7.1.2), to be followed by that
 * many bytes, an even number: OW, or OB where Bits Allocated is 8 or less (PS3.5 A.2).
 */
export function pixelDataHeader(vr: 'OB' | 'OW', length: number): Uint8Array {
  const header = new Uint8Array([0xe0, 0x7f, 0x10, 0x00, 0x4f, vr.charCodeAt(1), 0, 0, 0, 0, 0, 0])
  new DataView(header.buffer).setUint32(8, length, true)
  return header
}
