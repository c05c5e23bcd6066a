import { rmSync } from 'node:fs'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'

/** Where parent and engine exchange voxels; only this user can read it. Gone when removed, or when the process exits. */
export interface WorkFolder {
  path: string
  remove(): Promise<void>
}

/** @throws WorkstationError `output/disk-full` where the temporary disk has not the room, `output/not-writable`. */
export async function createWorkFolder(bytesNeeded: number): Promise<WorkFolder> {
  const parent = tmpdir()
  let path: string
  try {
    const { bavail, bsize } = await statfs(parent)
    if (bavail * bsize < bytesNeeded) {
      const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`
      throw new WorkstationError(
        'output/disk-full',
        `The disk with the temporary folder ${parent} has ${megabytes(bavail * bsize)} free, and this scan needs ${megabytes(bytesNeeded)} there. Free some space, or set TMPDIR to a folder on another disk.`,
      )
    }
    path = await mkdtemp(join(parent, 'screener-'))
  } catch (error) {
    if (error instanceof WorkstationError) throw error
    const sentence = `No temporary folder can be made in ${parent}. Set TMPDIR to a folder that can be written.`
    throw new WorkstationError('output/not-writable', sentence, error)
  }
  const removeNow = () => rmSync(path, { recursive: true, force: true })
  process.once('exit', removeNow)
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true })
      process.off('exit', removeNow)
    },
  }
}
