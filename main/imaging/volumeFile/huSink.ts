import type { Warning } from '../../errors.ts'
import type { VoxelEncoding } from './scalars.ts'

const INT16_MIN = -32768
const INT16_MAX = 32767
/** What a voxel without a value becomes: air. */
const NOT_A_NUMBER_HU = -1024
/** What rounding may take from a whole number that a slope or a float made a little less or more. */
const WHOLE = 1e-3
const LITTLE_ENDIAN_MACHINE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/**
 * Turns the stored bytes of the voxels, in whatever pieces they come, into Int16 HU: scaled, rounded half up and
 * clamped. Holds the result and one voxel's bytes, whatever the stored type.
 */
export class HuSink {
  readonly voxels: Int16Array<ArrayBuffer>
  readonly #encoding: VoxelEncoding
  /** Stored as they are wanted: Int16 in this machine's byte order, unscaled. */
  readonly #asIs: boolean
  readonly #carry = new Uint8Array(8)
  #carried = 0
  #next = 0
  #clamped = 0
  #notANumber = 0
  #fractions = 0
  #lowest = 0

  constructor(encoding: VoxelEncoding, count: number) {
    this.#encoding = encoding
    const { scalar, littleEndian, slope, intercept } = encoding
    this.#asIs =
      scalar.name === 'int16' && littleEndian === LITTLE_ENDIAN_MACHINE && slope === 1 && intercept === 0
    this.voxels = new Int16Array(count)
  }

  /** Voxels converted so far. */
  get done(): number {
    return this.#next
  }

  get complete(): boolean {
    return this.#next === this.voxels.length
  }

  /** @throws RangeError for more bytes than the voxels take */
  push(bytes: Uint8Array): void {
    const size = this.#encoding.scalar.bytes
    if (this.#next * size + this.#carried + bytes.length > this.voxels.length * size) {
      throw new RangeError('more bytes than voxels')
    }
    let offset = 0
    if (this.#carried > 0) {
      offset = Math.min(size - this.#carried, bytes.length)
      this.#carry.set(bytes.subarray(0, offset), this.#carried)
      this.#carried += offset
      if (this.#carried < size) return
      this.#convert(this.#carry.subarray(0, size))
      this.#carried = 0
    }
    const whole = bytes.length - ((bytes.length - offset) % size)
    this.#convert(bytes.subarray(offset, whole))
    this.#carried = bytes.length - whole
    this.#carry.set(bytes.subarray(whole))
  }

  #convert(bytes: Uint8Array): void {
    if (this.#asIs) {
      new Uint8Array(this.voxels.buffer).set(bytes, 2 * this.#next)
      this.#next += bytes.length / 2
      return
    }
    const { scalar, littleEndian, slope, intercept } = this.#encoding
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let offset = 0; offset < bytes.length; offset += scalar.bytes) {
      const value = scalar.read(view, offset, littleEndian) * slope + intercept
      const hu = Math.floor(value + 0.5)
      if (hu >= INT16_MIN && hu <= INT16_MAX) {
        this.voxels[this.#next] = hu
        if (Math.abs(value - hu) > WHOLE) this.#fractions++
        if (hu < this.#lowest) this.#lowest = hu
      } else if (Number.isNaN(hu)) {
        this.voxels[this.#next] = NOT_A_NUMBER_HU
        this.#notANumber++
      } else {
        this.voxels[this.#next] = hu < 0 ? INT16_MIN : INT16_MAX
        this.#clamped++
      }
      this.#next++
    }
  }

  warnings(): Warning[] {
    const warnings: Warning[] = []
    if (this.#clamped > 0) {
      warnings.push({
        code: 'input/clamped',
        message: `Voxels outside −32,768 to 32,767 HU, set to the nearest of these: ${this.#clamped}.`,
      })
    }
    if (this.#notANumber > 0) {
      warnings.push({
        code: 'input/not-a-number',
        message: `Voxels without a value (NaN), set to ${NOT_A_NUMBER_HU} HU: ${this.#notANumber}.`,
      })
    }
    // A CT has air, below 0, and its fractions are noise. These may be all there is: of a mask, or of a CT that is not in HU.
    if (this.#fractions > 0 && this.#lowest === 0) {
      warnings.push({
        code: 'input/fractions',
        message: `No voxel is below 0 HU, and this many were rounded to whole numbers: ${this.#fractions}.`,
      })
    }
    return warnings
  }
}
