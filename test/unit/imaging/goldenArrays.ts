import { readFileSync } from 'node:fs'
import type { Vec3, VoxelArray } from '../../../main/imaging/volume.ts'

/** A raw array of test/golden as its cases.json names it. */
export interface GoldenArray {
  file: string
  dtype: 'int16' | 'uint8' | 'uint16' | 'int32' | 'float32'
  dims: number[]
}

const TYPES = {
  int16: Int16Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  float32: Float32Array,
}

/** One folder of test/golden: its cases.json, and its arrays by name. */
export function openGolden(name: string) {
  const folder = new URL(`../../golden/${name}/`, import.meta.url)
  return {
    url: (file: string) => new URL(file, folder),
    cases: JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')),
    array<T extends VoxelArray>(golden: GoldenArray): T {
      const bytes = readFileSync(new URL(golden.file, folder))
      const aligned = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
      return new TYPES[golden.dtype](aligned) as VoxelArray as T
    },
  }
}

export const dimsOf = (golden: GoldenArray) => golden.dims as unknown as Vec3

/** Largest |a − b|; Infinity where the lengths differ or a value is not a number, so that it never passes. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!)
    if (!(d <= largest)) largest = Number.isNaN(d) ? Infinity : d
  }
  return largest
}
