import type { ExportRequest } from '../../preload/records.ts'
import { CallError } from '../api/index.ts'
import type { ReviewFinding } from '../findings/reviewFindings.ts'
import { t } from '../i18n/index.ts'

/** Draws one finding as it is on screen; PNG, base64. */
export type Capture = (finding: ReviewFinding) => Promise<string>

/** Pictures of the findings, one after the other, for each has the panes go there. Rejects when it is cancelled. */
export async function keyImages(
  findings: readonly ReviewFinding[],
  capture: Capture,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<ExportRequest['keyImages']> {
  const images: ExportRequest['keyImages'] = []
  for (const finding of findings) {
    if (signal.aborted) throw new CallError({ code: 'cancelled', message: t('export.cancelled') })
    images.push({ key: finding.key, png: await capture(finding) })
    onProgress(images.length)
  }
  return images
}
