import { along, dot, subtract } from '../../../main/imaging/vector.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import type { Measurement } from './store.ts'

/** All four corners of a box, or the points. */
export function handlesOf({ kind, points, right }: Measurement): Vec3[] {
  const [a, b] = points
  if ((kind === 'length' || kind === 'angle') && points.length > 0) return [...points]
  if (!a || !b) return [...points]
  const across = dot(subtract(b, a), right)
  return [a, along(a, right, across), b, along(b, right, -across)]
}

/** With a handle somewhere else; the corner across a box stays. */
export function withHandle(measurement: Measurement, handle: number, toMm: Vec3): Measurement {
  const { kind, points } = measurement
  if (kind === 'length' || kind === 'angle') return { ...measurement, points: points.with(handle, toMm) }
  const across = handlesOf(measurement)[(handle + 2) % 4]!
  return { ...measurement, points: [across, toMm] }
}
