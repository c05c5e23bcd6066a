import type { SeriesKind } from '../inputReport.ts'

interface SopClass {
  /** As DICOM PS3.6 Annex A names it, without "Storage". */
  name: string
  kind: SeriesKind
}

const CT = '1.2.840.10008.5.1.4.1.1.'

/** Storage SOP classes that are met beside CT in an archive (DICOM PS3.4 B.5, names of PS3.6 Annex A). */
const SOP_CLASSES: Readonly<Record<string, SopClass>> = {
  [`${CT}2`]: { name: 'CT Image', kind: 'ct-images' },
  [`${CT}2.1`]: { name: 'Enhanced CT Image', kind: 'ct-images' },
  [`${CT}2.2`]: { name: 'Legacy Converted Enhanced CT Image', kind: 'ct-images' },
  [`${CT}1`]: { name: 'Computed Radiography Image', kind: 'other-modality' },
  [`${CT}1.1`]: { name: 'Digital X-Ray Image – For Presentation', kind: 'other-modality' },
  [`${CT}1.1.1`]: { name: 'Digital X-Ray Image – For Processing', kind: 'other-modality' },
  [`${CT}1.2`]: { name: 'Digital Mammography X-Ray Image – For Presentation', kind: 'other-modality' },
  [`${CT}3.1`]: { name: 'Ultrasound Multi-frame Image', kind: 'other-modality' },
  [`${CT}6.1`]: { name: 'Ultrasound Image', kind: 'other-modality' },
  [`${CT}4`]: { name: 'MR Image', kind: 'other-modality' },
  [`${CT}4.1`]: { name: 'Enhanced MR Image', kind: 'other-modality' },
  [`${CT}4.2`]: { name: 'MR Spectroscopy', kind: 'non-image' },
  [`${CT}4.4`]: { name: 'Legacy Converted Enhanced MR Image', kind: 'other-modality' },
  [`${CT}12.1`]: { name: 'X-Ray Angiographic Image', kind: 'other-modality' },
  [`${CT}12.2`]: { name: 'X-Ray Radiofluoroscopic Image', kind: 'other-modality' },
  [`${CT}13.1.1`]: { name: 'X-Ray 3D Angiographic Image', kind: 'other-modality' },
  [`${CT}13.1.3`]: { name: 'Breast Tomosynthesis Image', kind: 'other-modality' },
  [`${CT}20`]: { name: 'Nuclear Medicine Image', kind: 'other-modality' },
  [`${CT}128`]: { name: 'Positron Emission Tomography Image', kind: 'other-modality' },
  [`${CT}128.1`]: { name: 'Legacy Converted Enhanced PET Image', kind: 'other-modality' },
  [`${CT}130`]: { name: 'Enhanced PET Image', kind: 'other-modality' },
  [`${CT}30`]: { name: 'Parametric Map', kind: 'non-image' },
  [`${CT}66`]: { name: 'Raw Data', kind: 'non-image' },
  [`${CT}66.1`]: { name: 'Spatial Registration', kind: 'non-image' },
  [`${CT}66.3`]: { name: 'Deformable Spatial Registration', kind: 'non-image' },
  [`${CT}66.4`]: { name: 'Segmentation', kind: 'non-image' },
  [`${CT}66.5`]: { name: 'Surface Segmentation', kind: 'non-image' },
  [`${CT}67`]: { name: 'Real World Value Mapping', kind: 'non-image' },
  [`${CT}7`]: { name: 'Secondary Capture Image', kind: 'secondary-capture' },
  [`${CT}7.1`]: { name: 'Multi-frame Single Bit Secondary Capture Image', kind: 'secondary-capture' },
  [`${CT}7.2`]: { name: 'Multi-frame Grayscale Byte Secondary Capture Image', kind: 'secondary-capture' },
  [`${CT}7.3`]: { name: 'Multi-frame Grayscale Word Secondary Capture Image', kind: 'secondary-capture' },
  [`${CT}7.4`]: { name: 'Multi-frame True Color Secondary Capture Image', kind: 'secondary-capture' },
  [`${CT}11.1`]: { name: 'Grayscale Softcopy Presentation State', kind: 'non-image' },
  [`${CT}11.2`]: { name: 'Color Softcopy Presentation State', kind: 'non-image' },
  [`${CT}88.11`]: { name: 'Basic Text SR', kind: 'report' },
  [`${CT}88.22`]: { name: 'Enhanced SR', kind: 'report' },
  [`${CT}88.33`]: { name: 'Comprehensive SR', kind: 'report' },
  [`${CT}88.34`]: { name: 'Comprehensive 3D SR', kind: 'report' },
  [`${CT}88.50`]: { name: 'Mammography CAD SR', kind: 'report' },
  [`${CT}88.59`]: { name: 'Key Object Selection Document', kind: 'report' },
  [`${CT}88.65`]: { name: 'Chest CAD SR', kind: 'report' },
  [`${CT}88.67`]: { name: 'X-Ray Radiation Dose SR', kind: 'dose-report' },
  [`${CT}88.68`]: { name: 'Radiopharmaceutical Radiation Dose SR', kind: 'dose-report' },
  [`${CT}88.76`]: { name: 'Enhanced X-Ray Radiation Dose SR', kind: 'dose-report' },
  [`${CT}104.1`]: { name: 'Encapsulated PDF', kind: 'report' },
  [`${CT}104.2`]: { name: 'Encapsulated CDA', kind: 'report' },
  [`${CT}481.1`]: { name: 'RT Image', kind: 'other-modality' },
  [`${CT}481.2`]: { name: 'RT Dose', kind: 'non-image' },
  [`${CT}481.3`]: { name: 'RT Structure Set', kind: 'non-image' },
  [`${CT}481.4`]: { name: 'RT Beams Treatment Record', kind: 'non-image' },
  [`${CT}481.5`]: { name: 'RT Plan', kind: 'non-image' },
}

/** Modalities (PS3.3 C.7.3.1.1.1) that are images of the patient; for objects of a class that is not in the table. */
const IMAGE_MODALITIES = new Set('BI CR DX ES GM IO MG MR NM OT PT PX RF RG RTIMAGE US XA XC'.split(' '))

/** A CT class with another modality contradicts itself; what the object says of itself decides. */
function classOf(uid: string, modality: string): SopClass | undefined {
  const known = SOP_CLASSES[uid]
  return known?.kind === 'ct-images' && modality !== '' && modality !== 'CT' ? undefined : known
}

/** DICOM's name of an object's storage class, such as "RT Structure Set"; '' where it is not one of the common ones. */
export function sopClassName(uid: string, modality: string): string {
  return classOf(uid, modality)?.name ?? ''
}

/** What an object that is not a CT slice is, by its class, else by its modality. */
export function kindOfObject(sopClassUid: string, modality: string): SeriesKind {
  const known = classOf(sopClassUid, modality)
  if (known) return known.kind
  if (modality === 'SR' || modality === 'DOC' || modality === 'KO') return 'report'
  if (modality === 'SC') return 'secondary-capture'
  return IMAGE_MODALITIES.has(modality) ? 'other-modality' : 'non-image'
}
