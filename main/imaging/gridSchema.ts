import { z } from 'zod'
import type { Grid } from './volume.ts'

const n = z.number()
export const Vec3Schema = z.tuple([n, n, n]).readonly()
const Mat3Schema = z.tuple([n, n, n, n, n, n, n, n, n]).readonly()

/** A voxel grid as processes and hosts say it to each other: dims x fastest, mm, LPS, row-major direction. */
export const GridSchema = z.object({
  dims: Vec3Schema,
  spacing: Vec3Schema,
  origin: Vec3Schema,
  direction: Mat3Schema,
}) satisfies z.ZodType<Grid>
