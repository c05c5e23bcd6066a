import type { Warning } from '../../errors.ts'
import type { Grid, Vec3 } from '../volume.ts'
import { perpendicularGrid, type Steps, spanSpace } from '../volumeFile/axes.ts'
import { volumeDims } from '../volumeFile/dims.ts'
import { damaged, type MetaHeader, numbers } from './header.ts'

/** MetaIO's META_MAX_DIMS. */
const MAX_DIMENSION = 10

const MM_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['mm', 1],
  ['cm', 10],
  ['um', 0.001],
])

/**
 * Where the voxels lie, in LPS mm: a MetaImage's space is the patient's LPS, as every writer of medical images takes
 * it (ITK). TransformMatrix lists the direction of the first voxel axis, then of the second, and so on: its rows are
 * the columns of the direction matrix. CenterOfRotation has no part in it and AnatomicalOrientation only repeats it.
 * @throws WorkstationError input/metaimage-header, input/four-d, input/too-few-slices, input/too-large, input/sheared
 */
export function metaGeometry(header: MetaHeader, name: string): { grid: Grid; warnings: Warning[] } {
  const n = Number(header.fields.get('ndims'))
  if (!Number.isInteger(n) || n < 1 || n > MAX_DIMENSION)
    throw damaged(name, 'it does not say how many axes there are')
  const sizes = numbers(header, 'dimsize', n, name)
  if (!sizes?.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw damaged(name, 'its dimensions are not positive numbers')
  }
  const dims = volumeDims(sizes, name)
  const any = (keys: readonly string[], count: number) => {
    const key = keys.find((k) => header.fields.has(k))
    return key === undefined ? undefined : numbers(header, key, count, name)
  }
  const warnings: Warning[] = []
  const unit = MM_PER_UNIT.get((header.fields.get('distanceunits') ?? 'mm').toLowerCase()) ?? 1

  const spacing = any(['elementspacing', 'elementsize'], n)
  if (!spacing) {
    warnings.push({
      code: 'input/metaimage-no-spacing',
      message: 'The MetaImage header does not give the voxel size; 1 mm was assumed.',
    })
  }
  const matrix = any(['transformmatrix', 'rotation', 'orientation'], n * n)
  if (!matrix) {
    warnings.push({
      code: 'input/metaimage-no-orientation',
      message:
        'The MetaImage header has no orientation: left and right, front and back, head and foot are assumed, not known.',
    })
  }
  const offset = any(['offset', 'position', 'origin'], n) ?? [0, 0, 0]
  const steps = [0, 1, 2].map((axis) => {
    const direction = [0, 1, 2].map((i) => matrix?.[axis * n + i] ?? (axis === i ? 1 : 0))
    const length = Math.hypot(...direction)
    // Zero stays zero and is refused below; another length is rounding.
    return direction.map((v) => (v / (length || 1)) * Math.abs(spacing?.[axis] ?? 1) * unit)
  }) as unknown as Steps
  if (!spanSpace(steps)) throw damaged(name, 'it does not say how large the voxels are or how they lie')
  const origin = offset.slice(0, 3).map((v) => v * unit) as unknown as Vec3
  if (!scaled(header)) return { grid: perpendicularGrid(steps, origin, dims, name), warnings }
  warnings.push({
    code: 'input/metaimage-scaling',
    message:
      'The MetaImage header names a scale for its values, which other readers ignore; it was not applied.',
  })
  return { grid: perpendicularGrid(steps, origin, dims, name), warnings }
}

/** Whether ElementToIntensityFunctionSlope and Offset ask for anything; ITK reads past them. */
function scaled({ fields }: MetaHeader): boolean {
  const slope = fields.get('elementtointensityfunctionslope') ?? '1'
  const offset = fields.get('elementtointensityfunctionoffset') ?? '0'
  return Number(slope) !== 1 || Number(offset) !== 0
}
