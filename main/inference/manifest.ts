import { z } from 'zod'
import { INPUT_CHANNELS } from '../imaging/inputChannel.ts'

/**
 * `model.json` of a model package (DESIGN.md, Model package; documented for authors in models/README.md).
 * The network maps one tile of a preprocessed CT to a score per voxel:
 *   input  float32 [1, channels, D, H, W], D = z (superior), H = y (posterior), W = x (left), all `patchSize`
 *   output float32 [1, 1, D, H, W], −log q; higher is rarer in its context
 */
export const InputChannel = z.enum(INPUT_CHANNELS)

const vec3 = z.tuple([z.number(), z.number(), z.number()])
const fileEntry = z.object({
  path: z
    .string()
    .regex(/^\w[\w.-]*$/)
    .max(120),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/**
 * A tile with a known answer, run on a device before its first use and after each run. `input`: raw uint8
 * [channels, D, H, W], the network's input is byte / 255. `score`: raw little-endian float32, the score at every
 * `stride`-th voxel of each axis starting at 0, [ceil(D / stride), ceil(H / stride), ceil(W / stride)].
 */
const golden = z.object({
  input: fileEntry,
  score: fileEntry,
  stride: z.number().int().positive(),
  /** Largest |difference| / max(1, |expected|) accepted from a device. */
  tolerance: z.number().positive(),
})

export const ModelManifest = z.object({
  schemaVersion: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  version: z.string(),
  title: z.string(),
  licence: z.string(),
  intendedUse: z.string(),
  /** In words a reader sees: what it learned from, for how long, what that means for its results. */
  provenance: z.string(),
  limitations: z.array(z.string()),
  trainingData: z.array(z.object({ name: z.string(), licence: z.string() })),
  preprocessing: z.object({
    /** Body crop: blocks of this edge are body if their minimum is at least the threshold. */
    bodyCrop: z.object({ blockMm: z.number().positive(), thresholdHu: z.number() }),
    /** Spacing of the model grid [x, y, z], mm. */
    spacingMm: vec3,
    /** Piecewise linear map HU → [0, 1], clamped at the ends. */
    huPivots: z.object({ hu: z.array(z.number()).min(2), value: z.array(z.number()).min(2) }),
    /** scikit-image equalize_adapthist in 3D over the cropped, resampled, mapped volume. */
    clahe: z.object({ clipLimit: z.number().positive() }),
    /**
     * Network input channels in order: the mapped image after CLAHE, the mapped image itself, or the relative position
     * in the cropped body along an axis. Every one is 0 in the part of a tile that lies beyond the volume.
     */
    channels: z.array(InputChannel).min(1),
  }),
  network: z.object({
    file: fileEntry,
    input: z.string(),
    scoreOutput: z.string(),
    descriptorOutput: z.string().optional(),
    descriptorDimension: z.number().int().positive().optional(),
    /** Tile edge in model voxels [x, y, z]. */
    patchSize: vec3,
    /** Fraction of a tile shared with its neighbour. */
    overlap: z.number().min(0).max(0.9),
    /** Standard deviation of the Gaussian blending weight, as a fraction of the tile edge. */
    blendSigma: z.number().positive(),
    /**
     * Tiles to go on with, in this order, where a device has too little memory for `patchSize`. The network must have
     * dynamic D, H and W, or a `file` of its own for the tile.
     */
    smallerTiles: z.array(z.object({ patchSize: vec3, file: fileEntry.optional(), golden })).optional(),
  }),
  /** Scores at the given percentiles of the body voxels of normal tissue, both ascending. */
  calibration: z.object({
    percentile: z.array(z.number().min(0).max(100)).min(2),
    score: z.array(z.number()).min(2),
    note: z.string(),
  }),
  golden,
})

export type ModelManifest = z.infer<typeof ModelManifest>
