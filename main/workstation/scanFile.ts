import { readFile, writeFile } from 'node:fs/promises'
import { type OpenedScan as Scan, OpenedScan as ScanSchema } from '../reading/protocol.ts'

/**
 * What is known of a scan beside its voxels (grid, source, filled slices, warnings), as a file: in the voxel cache, and
 * in the folder of every run, so that a run can be exported when the cache is long gone.
 */

/** Name of the file, in a folder of the cache and in a run's. */
export const SCAN_FILE = 'scan.json'

export async function writeScan(path: string, scan: Scan): Promise<void> {
  await writeFile(path, `${JSON.stringify(scan, encode)}\n`, { mode: 0o600 })
}

/** @throws Error where the file is missing or is not a scan's */
export async function readScan(path: string): Promise<Scan> {
  return ScanSchema.parse(JSON.parse(await readFile(path, 'utf8'), decode))
}

// JSON has neither bytes (a NIfTI header) nor NaN (a slice thickness that the source does not give).
function encode(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return { $base64: Buffer.from(value).toString('base64') }
  if (typeof value === 'number' && Number.isNaN(value)) return { $nan: true }
  return value
}

function decode(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$base64' in value) return new Uint8Array(Buffer.from(value.$base64 as string, 'base64'))
  return '$nan' in value ? Number.NaN : value
}
