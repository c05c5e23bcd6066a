import { lo } from './dicomText.ts'
import type { SegFinding } from './segDataset.ts'

type Dataset = Record<string, unknown>

/** Algorithm Name is required where an algorithm took part, and the identification says which it was. */
export function algorithm(
  { algorithm: type = 'AUTOMATIC' }: SegFinding,
  model: { name: string; version: string },
): Dataset {
  if (type === 'MANUAL') return { SegmentAlgorithmType: type }
  return {
    SegmentAlgorithmType: type,
    SegmentAlgorithmName: lo(model.name),
    SegmentationAlgorithmIdentificationSequence: [
      {
        // CID 7162 Surface Processing Algorithm Family
        AlgorithmFamilyCodeSequence: code('123110', 'DCM', 'Artificial Intelligence'),
        AlgorithmName: lo(model.name),
        AlgorithmVersion: lo(model.version),
      },
    ],
  }
}

/** SNOMED CT concepts of CID 7158 and 7193 (devices) that a reader may call a finding. */
const PHYSICAL_OBJECTS = new Set(['40388003', '19227008', '65818007', '53350007', '19923001'])

/**
 * CID 7150 Segmentation Property Category; CID 7159 Lesion Segmentation Type, part of CID 7151. There is no code for
 * "unusual": without a reader's word a lesion is what is suspected, which the description's last sentence qualifies.
 */
export function property({ code: concept }: SegFinding): Dataset {
  const physical = concept?.scheme === 'SCT' && PHYSICAL_OBJECTS.has(concept.value)
  return {
    SegmentedPropertyCategoryCodeSequence: physical
      ? code('260787004', 'SCT', 'Physical object')
      : code('49755003', 'SCT', 'Morphologically Abnormal Structure'),
    SegmentedPropertyTypeCodeSequence: concept
      ? code(concept.value, concept.scheme, concept.meaning)
      : code('52988006', 'SCT', 'Lesion'),
  }
}

/** A code sequence of one item (PS3.3 8.8). */
export function code(value: string, scheme: string, meaning: string): Dataset[] {
  return [{ CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning }]
}
