import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { allocateVoxels, decodeImages } from '../../../main/imaging/dicom/decodeImages.ts'
import { DecodePool, decodeLimitMs } from '../../../main/imaging/dicom/decodePool.ts'
import { type DicomHeader, readHeader } from '../../../main/imaging/dicom/header.ts'
import { checkMemory, RESERVE_BYTES } from '../../../main/imaging/dicom/memory.ts'
import { readSlice } from '../../../main/imaging/dicom/pixels.ts'
import { GOLDEN, refusal, seriesCopy, temporaryFolder } from './readerFixtures.ts'

async function headersOf(folder: string): Promise<DicomHeader[]> {
  const results = await Promise.all(
    readdirSync(folder)
      .sort()
      .map((name) => readHeader(join(folder, name))),
  )
  return results.map((result) => {
    if (result.kind !== 'header') throw new Error(result.kind)
    return result.header
  })
}

const golden = (name: string) => headersOf(join(GOLDEN, 'dicom', name))
const sizeOf = (image: DicomHeader) => image.layout.rows * image.layout.columns

/** What one slice after the other holds, read without threads. */
async function oneByOne(images: readonly DicomHeader[]): Promise<number[][]> {
  const slices: number[][] = []
  for (const image of images) {
    const out = new Int16Array(sizeOf(image))
    await readSlice(image, out)
    slices.push([...out])
  }
  return slices
}

describe.each(['axial', 'big-endian', 'deflated', 'rle', 'jpeg-lossless-70', 'jpegls-80', 'jpeg2000-90'])(
  'the images of the %s series',
  (name) => {
    it('are the same whether threads share the memory or send slices back', async () => {
      const images = await golden(name)
      const expected = (await oneByOne(images)).flat()
      for (const voxels of [allocateVoxels(expected.length), new Int16Array(expected.length)]) {
        await decodeImages(images, voxels)
        expect([...voxels]).toEqual(expected)
      }
    })

    it('go where they are told, and progress counts to the end', async () => {
      const images = await golden(name)
      const size = sizeOf(images[0]!)
      const voxels = allocateVoxels(size * (images.length + 1)).fill(7)
      const seen: [number, number][] = []
      await decodeImages(images, voxels, (i) => images.length - i, {
        onImage: (done, total) => seen.push([done, total]),
      })
      const slices = await oneByOne(images)
      expect([...voxels]).toEqual([new Array(size).fill(7), ...slices.reverse()].flat())
      expect(seen).toEqual(images.map((_, i) => [i + 1, images.length]))
    })
  },
)

it('counts the voxels clamped in all images', async () => {
  const images = await golden('rescale-per-slice')
  let expected = 0
  for (const image of images) expected += await readSlice(image, new Int16Array(sizeOf(image)))
  expect(expected).toBeGreaterThan(0)
  expect(await decodeImages(images, allocateVoxels(sizeOf(images[0]!) * images.length))).toBe(expected)
})

describe('an image that cannot be decoded', () => {
  it('is refused in the words of the decoder, and of several the first one in order', async () => {
    const folder = seriesCopy('jpeg-lossless-70', (bytes, index) => {
      const out = Buffer.from(bytes)
      if (index > 0) out.fill(0x55, out.indexOf(Buffer.from([0xff, 0xc3])), out.length - 8)
      return out
    })
    const images = await headersOf(folder)
    for (let repeat = 0; repeat < 5; repeat++) {
      const { code, message } = await refusal(
        decodeImages(images, allocateVoxels(sizeOf(images[0]!) * images.length)),
      )
      expect(code).toBe('input/damaged')
      expect(message).toContain('01.dcm')
    }
  })

  it('names a file that has gone since the headers were read', async () => {
    const [image] = await golden('jpeg-lossless-70')
    const gone = { ...image!, file: join(temporaryFolder(), 'gone.dcm') }
    expect((await refusal(decodeImages([gone], allocateVoxels(sizeOf(gone))))).code).toBe('input/unreadable')
  })
})

/** A pool whose threads do as the name of the image's file says. */
function poolOf(size: number): DecodePool {
  const script = join(temporaryFolder(), 'worker.mjs')
  writeFileSync(
    script,
    `import { parentPort } from 'node:worker_threads'
     parentPort.on('message', async ({ image }) => {
       if (image.file === 'hangs') for (;;);
       if (image.file === 'exits') process.exit(3)
       if (image.file === 'throws') throw new Error('abort in WebAssembly')
       if (image.file === 'swells') for (const all = []; ; ) all.push(new Array(4e6).fill(all.length))
       if (image.file === 'waits') await new Promise((resolve) => setTimeout(resolve, ${decodeLimitMs(SMALL) + 500}))
       if (image.file === 'program error') return parentPort.postMessage({ message: 'x is not a function' })
       parentPort.postMessage({ clamped: 1 })
     })`,
  )
  return new DecodePool(pathToFileURL(script), size)
}

const SMALL = { layout: { rows: 512, columns: 512 } } as DicomHeader
const LARGE = { layout: { ...SMALL.layout, rows: 4096, columns: 2048 } } as DicomHeader
const job = (file: string, image = SMALL) => ({ image: { ...image, file } })

describe('a thread that fails', () => {
  it('is ended when it computes for too long, but not while it waits for a slow drive', async () => {
    const pool = poolOf(2)
    const started = Date.now()
    const [stuck, slow] = await Promise.allSettled([pool.run(job('hangs')), pool.run(job('waits'))])
    expect(slow.status).toBe('fulfilled')
    const { code, message } = await refusal(Promise.reject((stuck as PromiseRejectedResult).reason))
    expect(code).toBe('input/damaged')
    expect(message).toBe('The image hangs takes too long to decode: it is damaged.')
    expect(Date.now() - started).toBeLessThan(decodeLimitMs(SMALL) + 3000)
    expect((await pool.run(job('sound'))).clamped).toBe(1)
  }, 15_000)

  it('gives larger images more time', () => {
    expect(decodeLimitMs(SMALL)).toBe(4000)
    expect(decodeLimitMs(LARGE)).toBe(32_000)
  })

  it.each(['exits', 'throws', 'swells'])(
    'refuses its image when it %s, and others are decoded',
    async (how) => {
      const pool = poolOf(1)
      // As large images have more time: on a busy machine memory fills slowly, and it is not time that is to run out.
      const failing = pool.run(job(how, LARGE))
      const waiting = pool.run(job('sound'))
      expect(await refusal(failing)).toEqual({
        code: 'input/damaged',
        message: `The image ${how} is damaged: its picture cannot be decoded.`,
      })
      expect((await waiting).clamped).toBe(1)
    },
    60_000,
  )

  it('does not blame the image for a fault of the program', async () => {
    const error = await poolOf(1)
      .run(job('program error'))
      .catch((e: unknown) => e)
    expect(error).not.toBeInstanceOf(WorkstationError)
    expect(String(error)).toContain('x is not a function')
  })
})

describe('an abort', () => {
  it('ends a thread in the middle of its work, within 200 ms, and leaves others at theirs', async () => {
    const pool = poolOf(2)
    await Promise.all([pool.run(job('sound')), pool.run(job('sound'))])
    const aborter = new AbortController()
    const ended = pool.run(job('hangs'), aborter.signal)
    const queued = pool.run(job('hangs'), aborter.signal)
    const other = pool.run(job('sound'))
    const rejections = Promise.allSettled([ended, queued])
    await new Promise((resolve) => setTimeout(resolve, 50))
    const started = performance.now()
    aborter.abort()
    for (const result of await rejections) expect(result).toMatchObject({ reason: { name: 'AbortError' } })
    expect(performance.now() - started).toBeLessThan(200)
    expect((await other).clamped).toBe(1)
  })

  it.each(['axial', 'rle'])('stops the reading of the %s series', async (name) => {
    const images = await golden(name)
    const many = Array.from({ length: 500 }, (_, i) => images[i % images.length]!)
    const aborter = new AbortController()
    let done = 0
    const reading = decodeImages(many, allocateVoxels(sizeOf(many[0]!) * many.length), undefined, {
      signal: aborter.signal,
      onImage: () => {
        if (++done === 3) aborter.abort()
      },
    })
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
    expect(done).toBe(3)
    await expect(
      decodeImages(images, allocateVoxels(0), undefined, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('memory', () => {
  it('is asked for before it is taken: a volume is refused with what it needs and what there is', async () => {
    const check = async (bytes: number, available?: number) => checkMemory(bytes, 'This series', available)
    const { code, message } = await refusal(check(2e9, 1e9))
    expect(code).toBe('input/too-large')
    expect(message).toContain('takes 2.3 GB, and 1.0 GB are free')
    await check(1e9, 1e9 + RESERVE_BYTES)
    await check(1)
  })

  it('holds no volume whose voxels cannot be counted in 32 bits', async () => {
    const allocate = async (count: number) => allocateVoxels(count)
    const { code, message } = await refusal(allocate(2 ** 32))
    expect(code).toBe('input/too-large')
    expect(message).toContain('take 8.6 GB, and no more than 4.3 GB')
    expect(await allocate(1000)).toEqual(new Int16Array(1000))
  })
})
