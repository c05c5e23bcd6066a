import { WorkstationError } from '../errors.ts'
import { type BodyCropParameters, type Box, bodyBox } from './bodyCrop.ts'
import { bodyMask } from './bodyMask.ts'
import { clahe } from './clahe.ts'
import { huMap } from './huMap.ts'
import { type InputChannel, type InputChannelName, isPosition, positionChannel } from './inputChannel.ts'
import { resampleCanonical } from './resample.ts'
import type { CtVolume, Grid, Vec3 } from './volume.ts'

/** The `preprocessing` part of a model package's manifest. */
export interface PreprocessingParameters {
  readonly bodyCrop: BodyCropParameters
  /** Spacing of the model grid along L, P and S, mm. */
  readonly spacingMm: Vec3
  readonly huPivots: { readonly hu: readonly number[]; readonly value: readonly number[] }
  readonly clahe: { readonly clipLimit: number }
  readonly channels: readonly InputChannelName[]
}

/** What a network sees of a CT, and where it lies. */
export interface Preprocessed {
  /** The model grid: canonical order, the manifest's spacing, LPS mm. */
  readonly grid: Grid
  /** The network's input channels, in the manifest's order, on the model grid. */
  readonly channels: InputChannel[]
  /** 1 inside the body, 0 outside, on the model grid. */
  readonly body: Uint8Array
  /** The body crop in canonical source voxels (reorient.ts), half-open. */
  readonly cropBox: Box
}

/**
 * CT → network input (RECIPE.md, Preprocessing): canonical orientation, body crop, linear resampling, HU map and 3D
 * CLAHE. Equal to `preprocess` of models/recipe/preprocessing.py. The CT is only read.
 *
 * @throws WorkstationError input/no-body
 */
export function preprocess(ct: CtVolume, p: PreprocessingParameters): Preprocessed {
  const cropBox = bodyBox(ct, p.bodyCrop)
  const { voxels: hu, ...grid } = resampleCanonical(ct, cropBox, p.spacingMm)
  const body = bodyMask(hu, grid.dims, p.bodyCrop.thresholdHu)
  // A speck smaller than the model's voxel can make a block and leave no voxel.
  if (!body.includes(1)) {
    throw new WorkstationError(
      'input/no-body',
      "No body was found in this scan: what is denser than air in it is smaller than the model's voxels.",
    )
  }
  const mapped = huMap(hu, p.huPivots.hu, p.huPivots.value, hu)
  const equalised = p.channels.includes('clahe') ? clahe(mapped, grid.dims, p.clahe.clipLimit) : mapped
  const channels = p.channels.map((name) => {
    if (isPosition(name)) return positionChannel(name, grid.dims)
    return name === 'clahe' ? equalised : mapped
  })
  return { grid, channels, body, cropBox }
}
