import { along, length, scale } from '../../../main/imaging/vector.ts'
import type { Mat3, Vec3 } from '../../../main/imaging/volume.ts'
import type { PanePlane } from '../layers.ts'

/** A camera with parallel rays as vtk.js describes it, LPS mm. */
export interface PlaneCamera {
  /** In the middle of the picture, on the plane. */
  focalPoint: Vec3
  /** Toward the eye, unit length. */
  viewPlaneNormal: Vec3
  /** Unit length. */
  viewUp: Vec3
  /** Half the height of the picture, mm. */
  parallelScale: number
}

/**
 * Pixels of the picture of a pane, `coarse` CSS pixels wide each: whole ones, so that none is stretched; the pane cuts
 * what is beyond it.
 */
export function pictureSize(
  { widthPx, heightPx }: Pick<PanePlane, 'widthPx' | 'heightPx'>,
  coarse = 1,
): { width: number; height: number } {
  return {
    width: Math.max(1, Math.ceil(widthPx / coarse)),
    height: Math.max(1, Math.ceil(heightPx / coarse)),
  }
}

/** The camera whose picture, laid on the pane's upper left corner, shows at each pixel what the plane has there. */
export function cameraOf(plane: PanePlane, coarse = 1): PlaneCamera {
  const { width, height } = pictureSize(plane, coarse)
  const mmPerPx = length(plane.downMm)
  return {
    focalPoint: along(
      along(plane.originMm, plane.rightMm, (width * coarse) / 2),
      plane.downMm,
      (height * coarse) / 2,
    ),
    viewPlaneNormal: scale(plane.normal, -1),
    viewUp: scale(plane.downMm, -1 / mmPerPx),
    parallelScale: ((height * coarse) / 2) * mmPerPx,
  }
}

/** vtk.js lists a direction matrix axis by axis. */
export function directionByAxis([a, b, c, d, e, f, g, h, i]: Mat3): Mat3 {
  return [a, d, g, b, e, h, c, f, i]
}
