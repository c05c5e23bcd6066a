import { parentPort } from 'node:worker_threads'
import { WorkstationError } from '../../errors.ts'
import type { DecodeJob, DecodeReply } from './decodePool.ts'
import { readSlice } from './pixels.ts'

/** Runs in a thread of DecodePool: decodes the images it is sent, one by one. */
parentPort!.on('message', async ({ image, out }: DecodeJob) => {
  let reply: DecodeReply
  const transfer: ArrayBuffer[] = []
  try {
    if (out) {
      reply = { clamped: await readSlice(image, out) }
    } else {
      const slice = new Int16Array(image.layout.rows * image.layout.columns)
      reply = { clamped: await readSlice(image, slice), slice }
      transfer.push(slice.buffer)
    }
  } catch (error) {
    reply =
      error instanceof WorkstationError
        ? { code: error.code, message: error.message, detail: error.detail }
        : { message: String(error), detail: error instanceof Error ? error.stack : undefined }
  }
  parentPort!.postMessage(reply, transfer)
})
