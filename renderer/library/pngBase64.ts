import { toBase64 } from '../findings/outline.ts'

/** A drawn canvas as PNG, base64 without any prefix, as the contract takes pictures. */
export async function pngBase64(canvas: OffscreenCanvas): Promise<string> {
  const blob = await canvas.convertToBlob({ type: 'image/png' })
  return toBase64(new Uint8Array(await blob.arrayBuffer()))
}
