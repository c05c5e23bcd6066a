/** The part of dcmjs 0.52.2 that is used here; the package ships no types. */
declare module 'dcmjs' {
  /** A DICOM JSON data set: tag "GGGGEEEE" → element. */
  export type DicomJson = Record<string, { vr: string; Value: unknown[] }>

  export const log: { getLogger(name: string): { setLevel(level: 'silent'): void } }

  export const data: {
    DicomDict: new (
      meta: DicomJson,
    ) => {
      dict: DicomJson
      /** Preamble, file meta information and data set, in the meta's transfer syntax. */
      write(): ArrayBuffer
    }
    DicomMetaDictionary: {
      /** Keyword → value to tag → element; sequences are arrays of data sets, text and numbers single or arrays. */
      denaturalizeDataset(dataset: Record<string, unknown>): DicomJson
      naturalizeDataset(dataset: DicomJson): Record<string, unknown>
    }
    DicomMessage: {
      readFile(
        buffer: ArrayBuffer,
        options?: { ignoreErrors?: boolean },
      ): { meta: DicomJson; dict: DicomJson; write(): ArrayBuffer }
    }
  }
}
