import type { Mat3, Vec3 } from '../../../main/imaging/volume.ts'

const PERMUTATIONS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]

/** The direction matrices of all 48 ways to lay a volume's axes along the patient's, half of them left-handed. */
export const ORIENTATIONS: Mat3[] = PERMUTATIONS.flatMap((axes) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((signs) => {
    const m = [0, 0, 0, 0, 0, 0, 0, 0, 0]
    axes.forEach((patientAxis, column) => {
      m[3 * patientAxis + column] = signs & (1 << column) ? -1 : 1
    })
    return m as unknown as Mat3
  }),
)

/** Rotation about the patient's x, then y, then z axis, degrees, applied to the directions of a grid. */
export function tilt(direction: Mat3, [ax, ay, az]: Vec3): Mat3 {
  const turn = (degrees: number, a: number, b: number): number[] => {
    const c = Math.cos((degrees * Math.PI) / 180)
    const s = Math.sin((degrees * Math.PI) / 180)
    const m = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    m[4 * a] = c
    m[4 * b] = c
    m[3 * a + b] = -s
    m[3 * b + a] = s
    return m
  }
  const times = (p: ArrayLike<number>, q: ArrayLike<number>) =>
    Array.from({ length: 9 }, (_, e) => {
      const [r, c] = [3 * Math.floor(e / 3), e % 3]
      return p[r]! * q[c]! + p[r + 1]! * q[3 + c]! + p[r + 2]! * q[6 + c]!
    })
  const turned = times(turn(az, 0, 1), times(turn(ay, 2, 0), times(turn(ax, 1, 2), direction)))
  return turned as unknown as Mat3
}
