import type { Vec3 } from './volume.ts'

/** What a network may be shown, by the names of a manifest's `preprocessing.channels`. */
export const INPUT_CHANNELS = ['clahe', 'hu', 'position-x', 'position-y', 'position-z'] as const

export type InputChannelName = (typeof INPUT_CHANNELS)[number]

/** A channel that varies along one axis (0: x, 1: y, 2: z) only; `values` holds one per voxel of that axis. */
export interface AxisChannel {
  readonly axis: 0 | 1 | 2
  readonly values: Float32Array
}

/** An input channel on the model grid: a value per voxel, x fastest, or one that is the same across two axes. */
export type InputChannel = Float32Array | AxisChannel

const POSITION_AXIS = { 'position-x': 0, 'position-y': 1, 'position-z': 2 } as const

export type PositionChannelName = keyof typeof POSITION_AXIS

export function isPosition(name: InputChannelName): name is PositionChannelName {
  return name in POSITION_AXIS
}

/**
 * Where a voxel lies in the cropped body, as a fraction of the model grid: (i + 0.5) / n, in (0, 1), growing toward
 * the patient's left, back or head. Equal to `position_channel` of models/recipe/preprocessing.py.
 *
 * @param dims of the model grid
 */
export function positionChannel(name: PositionChannelName, dims: Vec3): AxisChannel {
  const axis = POSITION_AXIS[name]
  const n = dims[axis]
  return { axis, values: Float32Array.from({ length: n }, (_, i) => (i + 0.5) / n) }
}

/** The numbers a channel is made of. */
export function channelValues(channel: InputChannel): Float32Array {
  return channel instanceof Float32Array ? channel : channel.values
}
