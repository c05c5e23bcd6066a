import { t } from '../i18n/index.ts'
import { CallError } from './callError.ts'

/**
 * Bytes from the data plane (OpenedSeries.voxelsUrl and the like).
 *
 * @throws CallError
 */
export async function fetchData(
  url: string,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<ArrayBuffer> {
  const response = await fetch(url, signal ? { signal } : {}).catch((cause: unknown) => {
    if (signal?.aborted) throw new CallError({ code: 'cancelled', message: t('error.loadingCancelled') })
    throw new CallError({
      code: 'host/unreachable',
      message: t('error.unreachable'),
      detail: `${url}: ${cause}`,
    })
  })
  if (!response.ok || !response.body)
    throw new CallError({
      code: 'host/no-data',
      message: t('error.noData'),
      detail: `${url}: HTTP ${response.status}`,
    })
  const total = Number(response.headers.get('content-length') ?? 0)
  try {
    return await readAll(response.body, total, onProgress)
  } catch (cause) {
    if (signal?.aborted) throw new CallError({ code: 'cancelled', message: t('error.loadingCancelled') })
    throw new CallError({
      code: 'host/unreachable',
      message: t('error.lost'),
      detail: `${url}: ${cause}`,
    })
  }
}

/** Straight into one buffer where the length is known: a volume of 500 MB is held once, not twice. */
async function readAll(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  total: number,
  onProgress?: (done: number, total: number) => void,
): Promise<ArrayBuffer> {
  if (total === 0) return await new Response(body).arrayBuffer()
  const bytes = new Uint8Array(total)
  let done = 0
  for (const reader = body.getReader(); ; ) {
    const chunk = await reader.read()
    if (chunk.done) break
    bytes.set(chunk.value, done)
    done += chunk.value.length
    onProgress?.(done, total)
  }
  if (done !== total) throw new Error(`${done} of ${total} bytes came`)
  return bytes.buffer
}
