import type { ExportRequest } from '../../preload/records.ts'
import { CallError } from '../api/callError.ts'
import { t } from '../i18n/index.ts'

/** A picture of the finding of this key; PNG, base64. */
export type Capture = (key: string) => Promise<string>

/** Pictures of findings, one after the other: each takes a frame or two. Rejects with `cancelled` at the signal. */
export async function keyImages(
  findings: readonly { key: string }[],
  capture: Capture,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<ExportRequest['keyImages']> {
  const images: ExportRequest['keyImages'] = []
  for (const { key } of findings) {
    if (signal.aborted) throw new CallError({ code: 'cancelled', message: t('export.cancelled') })
    images.push({ key, png: await capture(key) })
    onProgress(images.length)
  }
  return images
}
