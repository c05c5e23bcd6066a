import { regionOf } from '../findings/region.ts'
import type { ReviewFinding } from '../findings/reviewFindings.ts'
import { pngBase64 } from '../library/pngBase64.ts'
import { useSession } from '../state/session.ts'
import { useView } from '../state/view.ts'
import { findingThumbnail } from '../viewer/thumbnail.ts'

const SIZE_PX = 512

/** The axial slice through a finding with its outline, in the window of the screen; PNG, base64. */
export async function capture(finding: ReviewFinding): Promise<string> {
  const { scan } = useSession.getState()
  const canvas = new OffscreenCanvas(SIZE_PX, SIZE_PX)
  if (scan) {
    const { dims, spacing } = scan.grid
    const { windowCentreHu: centreHu, windowWidthHu: widthHu } = useView.getState()
    const sizeMm = Math.max(dims[0] * spacing[0], dims[1] * spacing[1])
    const { grid, voxels } = scan
    const window = { centreHu, widthHu }
    findingThumbnail(canvas, grid, voxels, finding.centreMm, sizeMm, SIZE_PX, window, regionOf(finding))
  }
  return pngBase64(canvas)
}
