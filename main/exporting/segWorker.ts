import { parentPort, workerData } from 'node:worker_threads'
import { WorkstationError } from '../errors.ts'
import { writeSeg } from './seg.ts'
import type { SegJob, SegReply } from './segThread.ts'

/** Runs in the thread of `writeSegInThread`: writes the one segmentation that it was started for. */
const { path, request } = workerData as SegJob
let reply: SegReply
try {
  reply = { ok: true, written: await writeSeg(path, request) }
} catch (error) {
  const known = error instanceof WorkstationError
  reply = {
    ok: false,
    code: known ? error.code : undefined,
    message: String((error as Error).message),
    detail: known ? error.detail : (error as Error).stack,
  }
}
parentPort!.postMessage(reply)
