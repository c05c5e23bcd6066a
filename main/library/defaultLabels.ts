import type { FindingLabel } from '../../preload/records.ts'

const sct = (text: string, value: string, meaning = text): FindingLabel => ({
  text,
  code: { scheme: 'SCT', value, meaning },
})
const dcm = (text: string, value: string, meaning: string): FindingLabel => ({
  text,
  code: { scheme: 'DCM', value, meaning },
})
const plain = (text: string): FindingLabel => ({ text, code: null })

/**
 * What a reader of CT names most; the list is the reader's to change. Codes are SNOMED CT concepts (SCT), for lesions
 * and devices those of DICOM PS3.16 CID 7159, 7158 and 7193, and one of DICOM's own (DCM, CID 6104). Labels whose
 * concept depends on where they are found have no code.
 */
export const DEFAULT_LABELS: readonly FindingLabel[] = [
  sct('Nodule', '27925004'),
  sct('Mass', '4147007'),
  sct('Cyst', '367643001'),
  plain('Calcification'),
  sct('Fracture', '72704001'),
  sct('Metastasis', '14799000', 'Neoplasm, Secondary'),
  sct('Lymphadenopathy', '30746006'),
  sct('Consolidation', '95436008', 'Lung consolidation'),
  dcm('Ground-glass opacity', '112120', 'Ground glass opacity'),
  sct('Atelectasis', '46621007'),
  sct('Emphysema', '87433001', 'Pulmonary emphysema'),
  sct('Bronchiectasis', '12295008'),
  sct('Pneumothorax', '36118008'),
  sct('Pleural effusion', '60046008'),
  sct('Pericardial effusion', '373945007'),
  sct('Pulmonary embolism', '59282003'),
  sct('Aneurysm', '85659009'),
  sct('Aortic dissection', '308546005'),
  sct('Ascites', '389026000'),
  sct('Haemorrhage', '50960005', 'Hemorrhage'),
  sct('Abscess', '44132006'),
  sct('Abdominal hernia', '52515009', 'Hernia of abdominal cavity'),
  sct('Implant', '40388003'),
  sct('Foreign body', '19227008'),
  plain('Artefact'),
  plain('Normal variant'),
]
