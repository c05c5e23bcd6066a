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
  /** In order of their labels. */
  structures: Structure[]
  /**
   * Label of each voxel, in the CT's voxel order, of the structures chosen; 0 where none of them is. The others are as
   * if they were not there: an organ must not hide the lesion in it. Where two overlap the higher label stands.
   */
  draw(chosen: ReadonlySet<number>): Uint16Array | Promise<Uint16Array>
}
