import type { Grid } from '../../imaging/volume.ts'

/** The CT that truth is drawn over. */
export interface DrawnOver {
  grid: Grid
  /** Frame of Reference UID (0020,0052); '' where the CT has none. */
  frameOfReferenceUid: string
}

/** A segment, a region of interest, or a value of a mask. */
export interface Structure {
  /** Its value in `labels`, 1 to 65,535. */
  label: number
  /** As the file names it; '' where it does not. */
  name: string
  /** What the file itself says of it. */
  is: 'lesion' | 'other' | 'unknown'
}

/** What a file draws over a CT. */
export interface Drawing {
  /** Label of each voxel, in the CT's voxel order; 0 where nothing is drawn. Where two overlap the higher stands. */
  labels: Uint16Array
  /** In order of their labels. */
  structures: Structure[]
}
