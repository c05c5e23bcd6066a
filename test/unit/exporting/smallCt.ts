import type { CtSeriesIdentity } from '../../../main/exporting/dicomSeries.ts'
import type { CtVolume, Mat3, Vec3 } from '../../../main/imaging/volume.ts'

const DIMS: Vec3 = [6, 5, 4]

/** Every voxel another value, from −1024 to beyond what 12 bits hold. */
function ramp(): Int16Array {
  const voxels = new Int16Array(DIMS[0] * DIMS[1] * DIMS[2])
  for (let n = 0; n < voxels.length; n++) voxels[n] = -1024 + 37 * n
  voxels[voxels.length - 1] = 32767
  voxels[voxels.length - 2] = -32768
  return voxels
}

const grid = (direction: Mat3): CtVolume => ({
  dims: DIMS,
  spacing: [0.75, 1.25, 2.5],
  origin: [-12.5, 30.25, -700.125],
  direction,
  voxels: ramp(),
})

const [c, s] = [0.8, 0.6]
const [e, t] = [0.96, 0.28]

/** Small series of every kind of orientation: the same numbers in another place. */
export const SMALL_CTS: Readonly<Record<string, CtVolume>> = {
  axial: grid([1, 0, 0, 0, 1, 0, 0, 0, 1]),
  // Rotated about z, then about the new x axis.
  oblique: grid([c, -s * e, s * t, s, c * e, -c * t, 0, t, e]),
  sagittal: grid([0, 0, 1, 1, 0, 0, 0, -1, 0]),
  // Slices run downwards: left-handed.
  'feet last': grid([1, 0, 0, 0, 1, 0, 0, 0, -1]),
  // The gantry leans: slices are displaced within their own plane.
  tilted: grid([1, 0, 0, 0, 1, t, 0, 0, e]),
}

export const SMALL_CT_IDENTITY: CtSeriesIdentity = {
  patientName: 'Phantom^Ünit',
  patientId: 'UNIT-1',
  patientSex: 'O',
  patientBirthDate: '19700101',
  studyId: '7',
  studyDescription: 'Small CT',
  seriesDescription: 'Ramp',
  seriesNumber: 3,
  acquired: new Date(2026, 0, 2, 3, 4, 5),
}
