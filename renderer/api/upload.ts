import { z } from 'zod'
import { CallFailure } from '../../preload/contract.ts'
import { FileHandle } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { CallError } from './callError.ts'
import { relativePath } from './droppedFiles.ts'

/** At once: a series is hundreds of small files, and each waits for the disk. */
const PARALLEL = 4

const Started = z.object({ ok: z.literal(true), value: z.object({ upload: z.string() }) })
const Finished = z.object({ ok: z.literal(true), value: FileHandle })

/**
 * Sends the files to the web host, which keeps them in one folder, and returns the handle of the single file or
 * folder they make up. `onProgress` gets the part of all bytes sent, 0 to 1.
 *
 * @throws CallError, `cancelled` at the signal: the host forgets what has arrived
 */
export async function upload(
  files: readonly File[],
  onProgress?: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<FileHandle[]> {
  if (files.length === 0) return []
  if (signal?.aborted) throw cancelled()
  const id = Started.parse(await send('POST', 'api/upload')).value.upload
  const total = files.reduce((sum, file) => sum + file.size, 0)
  const sent = new Map<File, number>()
  let done = 0
  const progress = (file: File, bytes: number) => {
    done += bytes - (sent.get(file) ?? 0)
    sent.set(file, bytes)
    onProgress?.(total === 0 ? 1 : Math.min(done / total, 1))
  }
  const waiting = [...files]
  const next = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const each = file
      const path = encodeURIComponent(relativePath(each))
      await send('PUT', `api/upload/${id}?path=${path}`, {
        body: each,
        onSent: (bytes) => progress(each, bytes),
        ...(signal ? { signal } : {}),
      })
      progress(each, each.size)
    }
  }
  try {
    await Promise.all(Array.from({ length: PARALLEL }, next))
    if (signal?.aborted) throw cancelled()
    return [Finished.parse(await send('POST', `api/upload/${id}/done`)).value]
  } catch (error) {
    waiting.length = 0
    send('DELETE', `api/upload/${id}`).catch(() => {})
    throw error
  }
}

/** XMLHttpRequest, because fetch tells nothing of what has been sent. */
function send(
  method: string,
  url: string,
  { body, onSent, signal }: { body?: File; onSent?: (bytes: number) => void; signal?: AbortSignal } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled())
    const request = new XMLHttpRequest()
    request.open(method, url)
    request.responseType = 'json'
    request.upload.onprogress = (event) => onSent?.(event.loaded)
    request.onload = () => {
      const failure = CallFailure.safeParse(request.response)
      if (failure.success) reject(new CallError(failure.data.error))
      else resolve(request.response)
    }
    const abort = () => request.abort()
    signal?.addEventListener('abort', abort)
    request.onloadend = () => signal?.removeEventListener('abort', abort)
    request.onabort = () => reject(cancelled())
    request.onerror = () =>
      reject(
        new CallError({
          code: 'host/unreachable',
          message: t('error.notSent'),
        }),
      )
    request.send(body ?? null)
  })
}

function cancelled(): CallError {
  return new CallError({ code: 'cancelled', message: t('error.uploadCancelled') })
}
