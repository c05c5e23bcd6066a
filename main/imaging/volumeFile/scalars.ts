/** How one voxel is stored. */
export interface ScalarType {
  name: string
  bytes: 1 | 2 | 4 | 8
  read: (view: DataView, offset: number, littleEndian: boolean) => number
}

/** The number types of NIfTI, NRRD and MetaImage. 64-bit integers beyond 2⁵³ are rounded: no HU is that large. */
export const SCALARS = {
  int8: { name: 'int8', bytes: 1, read: (v, o) => v.getInt8(o) },
  uint8: { name: 'uint8', bytes: 1, read: (v, o) => v.getUint8(o) },
  int16: { name: 'int16', bytes: 2, read: (v, o, le) => v.getInt16(o, le) },
  uint16: { name: 'uint16', bytes: 2, read: (v, o, le) => v.getUint16(o, le) },
  int32: { name: 'int32', bytes: 4, read: (v, o, le) => v.getInt32(o, le) },
  uint32: { name: 'uint32', bytes: 4, read: (v, o, le) => v.getUint32(o, le) },
  int64: { name: 'int64', bytes: 8, read: (v, o, le) => Number(v.getBigInt64(o, le)) },
  uint64: { name: 'uint64', bytes: 8, read: (v, o, le) => Number(v.getBigUint64(o, le)) },
  float32: { name: 'float32', bytes: 4, read: (v, o, le) => v.getFloat32(o, le) },
  float64: { name: 'float64', bytes: 8, read: (v, o, le) => v.getFloat64(o, le) },
} as const satisfies Readonly<Record<string, ScalarType>>

/** A stored voxel and how it becomes HU: value = stored · slope + intercept. */
export interface VoxelEncoding {
  scalar: ScalarType
  littleEndian: boolean
  slope: number
  intercept: number
}
