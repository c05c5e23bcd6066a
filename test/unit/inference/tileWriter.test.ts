import { statSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HEAD_BYTES, tileOfRecord } from '../../../main/inference/tileRecord.ts'
import { TileWriter } from '../../../main/inference/tileWriter.ts'
import { temporaryFolder } from './packages.ts'

const VOXELS = 1000
const RECORD_BYTES = HEAD_BYTES + 4 * VOXELS

async function newWriter(): Promise<{ writer: TileWriter; file: string }> {
  const file = join(await temporaryFolder(onTestFinished), 'journal')
  await writeFile(file, 'key\n')
  const writer = new TileWriter()
  onTestFinished(() => writer.end())
  await writer.ready
  return { writer, file }
}

const score = (tile: number, voxels = VOXELS) => new Float32Array(voxels).fill(tile + 0.5)

/** The tiles of a file, each with its first value. */
async function records(file: string, recordBytes = RECORD_BYTES): Promise<[number | undefined, number][]> {
  const bytes = (await readFile(file)).subarray('key\n'.length)
  return Array.from({ length: bytes.length / recordBytes }, (_, i) => {
    const record = bytes.subarray(i * recordBytes, (i + 1) * recordBytes)
    return [tileOfRecord(record), record.readFloatLE(HEAD_BYTES)]
  })
}

const written = (file: string, tiles: number) =>
  expect.poll(async () => (await stat(file)).size, { timeout: 10_000 }).toBe(4 + tiles * RECORD_BYTES)

test('tiles are in the file, whole and in their order, while the thread that gave them is blocked', async () => {
  const { writer, file } = await newWriter()
  writer.begin(file, 4, VOXELS)
  for (const tile of [7, 3, 5]) {
    const given = score(tile)
    writer.write(tile, given)
    // The network's array may be used again at once.
    given.fill(-1)
  }
  // As a network does: no turn of the event loop comes until they are there.
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let n = 0; n < 200 && statSync(file).size < 4 + 3 * RECORD_BYTES; n++) Atomics.wait(clock, 0, 0, 50)
  expect(await records(file)).toEqual([
    [7, 7.5],
    [3, 3.5],
    [5, 5.5],
  ])
  expect(writer.failure).toBeUndefined()
})

test('what came before it begins anew is forgotten', async () => {
  const { writer, file } = await newWriter()
  writer.begin(file, 4, VOXELS)
  writer.write(1, score(1))
  await written(file, 1)
  writer.write(2, score(2))
  writer.begin(file, 4, VOXELS)
  writer.write(9, score(9))
  await written(file, 1)
  await expect.poll(() => records(file), { timeout: 10_000 }).toEqual([[9, 9.5]])
})

test('of more tiles than may wait some are left out, and none is waited for', async () => {
  // Eight of them are 64 MiB.
  const voxels = 2 * 2 ** 20
  const { writer, file } = await newWriter()
  writer.begin(file, 4, voxels)
  for (let tile = 0; tile < 30; tile++) writer.write(tile, score(tile, voxels))
  const recordBytes = HEAD_BYTES + 4 * voxels
  await expect
    .poll(async () => (await stat(file)).size, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(4 + 8 * recordBytes)
  await writer.end()
  const kept = (await records(file, recordBytes)).slice(0, 8)
  expect(kept.map(([, value]) => value)).toEqual(kept.map(([tile]) => tile! + 0.5))
  expect(kept.slice(0, 2)).toEqual([
    [0, 0.5],
    [1, 1.5],
  ])
})

test('a file that cannot be written is told', async () => {
  const { writer } = await newWriter()
  writer.begin(join(await temporaryFolder(onTestFinished), 'none', 'journal'), 4, VOXELS)
  await expect.poll(() => writer.failure, { timeout: 10_000 }).toEqual({ code: undefined })
})
