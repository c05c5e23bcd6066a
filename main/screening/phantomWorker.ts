import { parentPort, workerData } from 'node:worker_threads'
import { makePhantom } from '../imaging/phantom/index.ts'

/** Draws a phantom on a thread of its own: it takes seconds, in which the main thread must hear a signal. */
const phantom = makePhantom(workerData)
parentPort!.postMessage(phantom, [phantom.volume.voxels.buffer, phantom.truth.voxels.buffer] as ArrayBuffer[])
