import type { Mat3, Vec3 } from './volume.ts'

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
export const scale = (a: Vec3, by: number): Vec3 => [a[0] * by, a[1] * by, a[2] * by]
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
export const length = (a: Vec3): number => Math.hypot(a[0], a[1], a[2])
export const normalise = (a: Vec3): Vec3 => scale(a, 1 / length(a))

/** a + b · by */
export const along = (a: Vec3, b: Vec3, by: number): Vec3 => [
  a[0] + b[0] * by,
  a[1] + b[1] * by,
  a[2] + b[2] * by,
]

export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

export const column = (m: Mat3, c: 0 | 1 | 2): Vec3 => [m[c], m[3 + c], m[6 + c]]

export const fromColumns = (a: Vec3, b: Vec3, c: Vec3): Mat3 => [
  a[0],
  b[0],
  c[0],
  a[1],
  b[1],
  c[1],
  a[2],
  b[2],
  c[2],
]

export const apply = (m: Mat3, v: Vec3): Vec3 => [
  m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
  m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
  m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
]

/** a · b */
export const multiply = (a: Mat3, b: Mat3): Mat3 =>
  fromColumns(apply(a, column(b, 0)), apply(a, column(b, 1)), apply(a, column(b, 2)))

/** Turns by an angle (radians, right-handed) about a unit axis: Rodrigues' formula. */
export function rotationAbout(axis: Vec3, angle: number): Mat3 {
  const c = Math.cos(angle)
  const s = Math.sin(angle)
  const [x, y, z] = axis
  const t = 1 - c
  return [
    t * x * x + c,
    t * x * y - s * z,
    t * x * z + s * y,
    t * x * y + s * z,
    t * y * y + c,
    t * y * z - s * x,
    t * x * z - s * y,
    t * y * z + s * x,
    t * z * z + c,
  ]
}

/** The nearest right-angled frame with the first column kept (Gram–Schmidt): undoes the drift of many small turns. */
export function orthonormal(m: Mat3): Mat3 {
  const x = normalise(column(m, 0))
  const raw = column(m, 1)
  const y = normalise(along(raw, x, -dot(raw, x)))
  const z = cross(x, y)
  return fromColumns(x, y, dot(z, column(m, 2)) < 0 ? scale(z, -1) : z)
}
