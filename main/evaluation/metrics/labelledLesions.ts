import { voxelVolumeMl } from '../../imaging/volume.ts'
import { auroc } from '../auroc.ts'
import type { EvaluationCase } from '../readCase.ts'
import { sampleLabels, sampleWhere } from '../sampling.ts'
import type { LabelledLesion } from '../types.ts'

/** Of a lesion whose label has no kind. */
const UNKNOWN_KIND = 'unknown'

export interface LabelledOptions {
  /** Value of a voxel under each method, by its offset. */
  modelValue: (offset: number) => number
  baselineValue: (offset: number) => number
  /** Numbers of findings. */
  mask: Uint16Array
  seed: number
  /** Of the scan. */
  name: string
}

/**
 * Every lesion of a mask that numbers its lesions, measured for itself: its own voxels against voxels far from all.
 * @param offsets of all lesion voxels, ascending
 * @param far whether a voxel is normal body far from every lesion
 * @returns undefined where the truth does not tell its lesions apart
 */
export function labelledLesions(
  { ct, labels, kinds }: EvaluationCase,
  offsets: Int32Array,
  far: (offset: number) => boolean,
  { modelValue, baselineValue, mask, seed, name }: LabelledOptions,
): LabelledLesion[] | undefined {
  if (labels === undefined) return undefined
  const others = sampleWhere(labels.length, far, seed, `far/${name}`)
  const against = (sample: Int32Array, value: (offset: number) => number) =>
    others.length === 0 ? null : auroc(Float32Array.from(sample, value), Float32Array.from(others, value))
  const hit = new Set<number>()
  for (const offset of offsets) if (mask[offset] !== 0) hit.add(labels[offset])
  return Array.from(sampleLabels(labels, offsets, seed, name), ([label, { voxels, sample }]) => ({
    label,
    kind: kinds?.[label] ?? UNKNOWN_KIND,
    voxels,
    volumeMl: voxels * voxelVolumeMl(ct),
    auroc: against(sample, modelValue),
    baselineHuDeviation: against(sample, baselineValue),
    hit: hit.has(label),
  }))
}
