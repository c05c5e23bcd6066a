import { rmSync } from 'node:fs'
import * as module from 'node:module'
import { WorkstationError } from '../errors.ts'
import type { ReadProgress } from '../imaging/open.ts'
import type { ReaderReply, ReaderRequest } from './protocol.ts'

/**
 * The reading process: everything that parses or decodes what a user hands over. It may die at any moment, from what
 * it reads or because the parent kills it (that is how reading is cancelled), so it writes nothing but the voxels file
 * of its job. No module with third-party code is loaded before it says that it is alive.
 */

type Job = Exclude<ReaderRequest, { type: 'close' }>

// protocol.ts has the limit that this is for; it is not imported, for a schema library would come with it.
const HEARTBEAT_MS = 250

let current: Job | undefined

// The parent decides what Ctrl-C in a shared terminal means; it kills this process if the job is to end.
process.on('SIGINT', () => {})
process.on('disconnect', () => {
  // The parent is gone and with it the owner of the voxels file: leave no patient's voxels behind.
  if (current?.type === 'open') rmSync(current.voxelsFile, { force: true })
  process.exit(0)
})

reply({ type: 'alive' })
setInterval(() => reply({ type: 'alive' }), HEARTBEAT_MS)

let queue = Promise.resolve()
process.on('message', (message) => {
  queue = queue.then(() => answer(message as ReaderRequest))
})

// Loaded while the parent still writes its first request.
const loading = Promise.all([
  import('../imaging/open.ts'),
  import('../processes/rawFile.ts'),
  import('../processes/memory.ts'),
])
loading.catch(() => {})

function reply(message: ReaderReply): void {
  process.send?.(message, undefined, {}, () => {})
}

async function answer(request: ReaderRequest): Promise<void> {
  if (request.type === 'close') return process.disconnect()
  current = request
  const { job } = request
  try {
    if (request.type === 'open') await open(request)
    else if (request.type === 'describe') await describe(request)
    else throw new Error(`no such request: ${JSON.stringify(request)}`)
  } catch (error) {
    const { code, message, detail } = asKnown(error)
    reply({ type: 'failed', job, code, message, ...(detail === undefined ? {} : { detail }) })
  } finally {
    current = undefined
    // What was compiled is kept for the next process now: one that is killed could not do it. (Not in Node 20.)
    if (job === 1) module.flushCompileCache?.()
    // The voxels of a large scan must not stay resident while the network runs in another process.
    globalThis.gc?.()
  }
}

async function open({
  job,
  input,
  seriesInstanceUid,
  voxelsFile,
}: Extract<Job, { type: 'open' }>): Promise<void> {
  const [{ openCt }, { writeRaw }, { peakRssBytes }] = await loading
  const series = seriesInstanceUid === null ? {} : { seriesInstanceUid }
  const { volume, source, filledSlices, warnings } = await openCt(input, {
    ...series,
    onProgress: progressOf(job),
  })
  await writeRaw(voxelsFile, volume.voxels)
  const { dims, spacing, origin, direction } = volume
  const grid = { dims, spacing, origin, direction }
  reply({ type: 'opened', job, scan: { grid, source, filledSlices, warnings, peakRssBytes: peakRssBytes() } })
}

async function describe({ job, input }: Extract<Job, { type: 'describe' }>): Promise<void> {
  const [{ describeInput }] = await loading
  const report = await describeInput(input, {
    onProgress: progressOf(job),
    onSeries: (series) => reply({ type: 'series', job, series }),
  })
  reply({ type: 'described', job, report })
}

/** More messages than this are not seen by anyone, and 5,000 files would send as many. */
const PROGRESS_EVERY_MS = 50

/** Passes progress on, but for what follows too soon: the first and the last of a stage always arrive. */
function progressOf(job: number): (progress: ReadProgress) => void {
  let stage: ReadProgress['stage'] | undefined
  let last = 0
  return (progress) => {
    const now = performance.now()
    const due = progress.stage !== stage || progress.done === progress.total
    if (!due && now - last < PROGRESS_EVERY_MS) return
    stage = progress.stage
    last = now
    reply({ type: 'progress', job, progress: { ...progress } })
  }
}

function asKnown(error: unknown): WorkstationError {
  if (error instanceof WorkstationError) return error
  if (error instanceof RangeError && /allocation failed|Invalid (typed )?array/i.test(error.message)) {
    const sentence =
      'The scan does not fit into the memory of this computer. Close other programs and try again.'
    return new WorkstationError('input/too-large', sentence, error)
  }
  const sentence = 'The scan cannot be read: it made the reader fail in a way that it should not.'
  return new WorkstationError('input/reader-failed', sentence, error)
}
