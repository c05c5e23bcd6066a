import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Made by test/golden/make_readers.py. */
export const GOLDEN = join(ROOT, 'test/golden/readers')
/** Public scans; not part of the project, tests that want them are skipped where they are absent. */
export const SHARED = resolve(ROOT, '../shared/data')

const folders: string[] = []

/** A folder that is gone after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'readers-'))
  folders.push(folder)
  return folder
}

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A copy of one of the golden DICOM series, with every file passed through `edit`. */
export function seriesCopy(
  name: string,
  edit: (bytes: Uint8Array, index: number) => Uint8Array = (bytes) => bytes,
): string {
  const folder = temporaryFolder()
  cpSync(join(GOLDEN, 'dicom', name), folder, { recursive: true })
  readdirSync(folder)
    .sort()
    .forEach((file, index) => {
      const path = join(folder, file)
      writeFileSync(path, edit(new Uint8Array(readFileSync(path)), index))
    })
  return folder
}

/**
 * Sets the value of a top-level element of an explicit little-endian file, or removes the element. Works on the
 * bytes (tag, VR and 16-bit length), so it shares nothing with the reader under test.
 */
export function setElement(
  bytes: Uint8Array,
  tag: string,
  vr: string,
  value: string | number | null,
): Uint8Array {
  const group = Number.parseInt(tag.slice(0, 4), 16)
  const element = Number.parseInt(tag.slice(4), 16)
  const key = Buffer.alloc(6)
  key.writeUInt16LE(group, 0)
  key.writeUInt16LE(element, 2)
  key.write(vr, 4, 'latin1')
  const buffer = Buffer.from(bytes)
  const at = buffer.indexOf(key)
  if (at < 0) throw new Error(`no element ${tag} ${vr}`)
  const end = at + 8 + buffer.readUInt16LE(at + 6)
  if (value === null) return Buffer.concat([buffer.subarray(0, at), buffer.subarray(end)])
  const data =
    typeof value === 'number' ? Buffer.alloc(2) : Buffer.from(value + (value.length % 2 ? ' ' : ''), 'latin1')
  if (typeof value === 'number') data.writeUInt16LE(value)
  const head = Buffer.from(buffer.subarray(at, at + 8))
  head.writeUInt16LE(data.length, 6)
  return Buffer.concat([buffer.subarray(0, at), head, data, buffer.subarray(end)])
}

/** The error of an input that must be refused: its code and its one sentence. */
export async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(WorkstationError)
  const { code, message } = error as WorkstationError
  expect(message).toMatch(/^\S.{15,}[.\w]$/su)
  expect(message).not.toMatch(/undefined|NaN|\[object/)
  return { code, message }
}

/** Largest difference between the numbers of two lists of one length. */
export function furthest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length)
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))
}
