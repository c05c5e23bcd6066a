import type { PixelLayout } from './header.ts'

const INT16_MIN = -32768
const INT16_MAX = 32767

/**
 * Stored values → HU: `stored · slope + intercept` (DICOM PS3.3 C.11.1.1.2), rounded half up, clamped to Int16.
 * A stored value is the `bitsStored` bits below and including `highBit` of its word, sign-extended when the pixel
 * representation is signed (PS3.5 8.1.1); bits outside it (old overlays) are ignored. Padding is scaled like any value.
 * @param bytes one slice, row by row, 8 or 16 bits allocated, at least `out.length` words
 * @param out receives the slice
 * @returns how many values exceeded 32,767 HU (below −32,768 there is only padding, and that is not counted)
 */
export function storedToHounsfield(
  bytes: Uint8Array,
  layout: Pick<PixelLayout, 'bitsAllocated' | 'bitsStored' | 'highBit' | 'signed'>,
  bigEndian: boolean,
  slope: number,
  intercept: number,
  out: Int16Array,
): number {
  const { bitsAllocated, bitsStored, highBit, signed } = layout
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shift = highBit + 1 - bitsStored
  const mask = 2 ** bitsStored - 1
  const signBit = signed ? 2 ** (bitsStored - 1) : 0
  const wide = bitsAllocated === 16
  let clamped = 0
  for (let i = 0; i < out.length; i++) {
    const word = wide ? view.getUint16(2 * i, !bigEndian) : bytes[i]!
    const bits = (word >>> shift) & mask
    // Flipping the sign bit and subtracting its weight extends the sign; without a sign both are 0.
    const stored = (bits ^ signBit) - signBit
    const hu = Math.floor(stored * slope + intercept + 0.5)
    if (hu > INT16_MAX) {
      out[i] = INT16_MAX
      clamped++
    } else out[i] = hu < INT16_MIN ? INT16_MIN : hu
  }
  return clamped
}
