import { Worker } from 'node:worker_threads'
import { type ErrorCode, WorkstationError } from '../errors.ts'
import type { SegRequest, writeSeg } from './seg.ts'

/** What crosses to the thread: clock and UIDs are its own. */
export interface SegJob {
  path: string
  request: Omit<SegRequest, 'now' | 'newUid'>
}

export type SegReply =
  | { ok: true; written: Awaited<ReturnType<typeof writeSeg>> }
  | { ok: false; code: ErrorCode | undefined; message: string; detail: string | undefined }

/**
 * `writeSeg` in a thread of its own: with hundreds of findings a segmentation has thousands of frames, each described
 * one by one, and the process that exports also answers the window.
 *
 * The mask goes to the thread: its array is empty afterwards.
 * @throws as `writeSeg`; AbortError after the signal, once nothing is written any more: what is there is the caller's
 *   to remove
 */
export async function writeSegInThread(
  path: string,
  request: SegJob['request'],
  signal?: AbortSignal,
): ReturnType<typeof writeSeg> {
  signal?.throwIfAborted()
  const worker = new Worker(new URL('./segWorker.ts', import.meta.url), {
    workerData: { path, request } satisfies SegJob,
    transferList: [request.mask.buffer as ArrayBuffer],
  })
  const stop = () => void worker.terminate()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const reply = await new Promise<SegReply>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`the thread ended with code ${code}`)))
    })
    if (reply.ok) return reply.written
    if (reply.code) throw new WorkstationError(reply.code, reply.message, reply.detail)
    throw new Error(reply.detail ?? reply.message)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    await worker.terminate()
  }
}
