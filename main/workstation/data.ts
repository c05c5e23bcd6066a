import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Library } from '../library/types.ts'
import { RUN_FILES } from './runFolder.ts'
import type { VoxelCache } from './voxelCache.ts'

/** The data plane: what is too large for the contract, by URL. No part of a URL is ever a part of a path. */

/** A browser keeps no copy: a patient's images must not outlive their removal from the library. */
const SAFE = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

const RUN_DATA = {
  steps: { file: RUN_FILES.steps, type: 'application/octet-stream' },
  tree: { file: RUN_FILES.tree, type: 'application/octet-stream' },
  profile: { file: RUN_FILES.profile, type: 'application/json' },
} as const

export const dataUrl = {
  /** The version makes it another URL where the voxels are others. */
  voxels: (seriesId: string, version: string) =>
    `/data/series/${encodeURIComponent(seriesId)}/voxels?v=${encodeURIComponent(version)}`,
  run: (runId: string, what: keyof typeof RUN_DATA) => `/data/runs/${encodeURIComponent(runId)}/${what}`,
}

export interface DataSources {
  library: Library
  cache: VoxelCache
}

/** Answers GET and HEAD, with ranges; 404 for what is not there, 410 for voxels that must be opened again. */
export async function serveData(request: Request, { library, cache }: DataSources): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response(null, { status: 405, headers: { Allow: 'GET, HEAD' } })
  const url = new URL(request.url)
  const [, series] = /^\/data\/series\/([\w-]+)\/voxels$/.exec(url.pathname) ?? []
  if (series && library.getSeries(series))
    return serveVoxels(request, series, url.searchParams.get('v'), cache)
  // The address is the library's (SeriesEntry.thumbnailUrl).
  const [, pictured] = /^\/data\/thumbnails\/([\w-]+)$/.exec(url.pathname) ?? []
  if (pictured && library.getSeries(pictured)) return serveThumbnail(request, library.getThumbnail(pictured))
  const [, run, part] = /^\/data\/runs\/([\w-]+)\/(steps|tree|profile)$/.exec(url.pathname) ?? []
  if (run && library.getRun(run)?.status === 'done') {
    const { file, type } = RUN_DATA[part as keyof typeof RUN_DATA]
    return serveFile(request, join(library.runFolder(run), file), { type, release: () => {} })
  }
  return new Response(null, { status: 404 })
}

async function serveVoxels(
  request: Request,
  seriesId: string,
  version: string | null,
  cache: VoxelCache,
): Promise<Response> {
  const lease = await cache.peek(seriesId)
  if (!lease || (version !== null && version !== lease.version)) {
    lease?.release()
    return new Response(null, { status: 410 })
  }
  const { voxelsFile, release } = lease
  return serveFile(request, voxelsFile, { type: 'application/octet-stream', release })
}

function serveThumbnail(request: Request, png: Uint8Array | undefined): Response {
  if (!png) return new Response(null, { status: 404 })
  const headers = { 'Content-Type': 'image/png', 'Content-Length': String(png.length), ...SAFE }
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(png), { headers })
}

interface FileAnswer {
  type: string
  /** Called when nothing of the file is read any more. */
  release: () => void
}

async function serveFile(request: Request, path: string, answer: FileAnswer): Promise<Response> {
  const { type, release } = answer
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) {
    release()
    return new Response(null, { status: 404 })
  }
  const end = async () => {
    release()
    await file.close().catch(() => {})
  }
  const { size } = await file.stat()
  const headers: Record<string, string> = {
    'Content-Type': type,
    'Accept-Ranges': 'bytes',
    ...SAFE,
  }
  const range = byteRange(request, size)
  if (range === 'unsatisfiable') {
    await end()
    return new Response(null, { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` } })
  }
  const { start, last } = range ?? { start: 0, last: size - 1 }
  headers['Content-Length'] = String(last - start + 1)
  if (range) headers['Content-Range'] = `bytes ${start}-${last}/${size}`
  const status = range ? 206 : 200
  if (request.method === 'HEAD' || last < start) {
    await end()
    return new Response(null, { status, headers })
  }
  const stream = file.createReadStream({ start, end: last, highWaterMark: CHUNK_BYTES })
  // Also where the window stops listening half way.
  stream.once('close', release)
  request.signal?.addEventListener('abort', () => stream.destroy(), { once: true })
  return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { status, headers })
}

/** Larger than Node's 64 KiB: a volume is hundreds of megabytes, and each chunk costs a turn of the event loop. */
const CHUNK_BYTES = 1024 * 1024

/** One range of RFC 9110, 14.2; undefined where the whole is to be sent, as it is for several ranges. */
function byteRange(
  request: Request,
  size: number,
): { start: number; last: number } | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get('range') ?? '') ?? []
  if (from === undefined || (from === '' && to === '')) return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined
  return start > last ? 'unsatisfiable' : { start, last }
}
