import type { Vec3 } from '../../../main/imaging/volume.ts'

/** Components below this part of the largest are left out, as DICOM PS3.3 C.7.6.1.1.1 leaves the choice. */
const LEAST = 0.2588 // sin 15°
const NAMES = [
  ['L', 'R'],
  ['P', 'A'],
  ['S', 'I'],
] as const

/**
 * Which side of the patient a direction points to, the strongest first: `L`, or `LA` on oblique planes.
 * @param direction unit vector, LPS
 */
export function orientationLetters(direction: Vec3): string {
  return direction
    .map((value, axis) => ({ size: Math.abs(value), letter: NAMES[axis]![value >= 0 ? 0 : 1] }))
    .filter(({ size }) => size >= LEAST)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join('')
}
