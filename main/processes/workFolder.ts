import { rmSync } from 'node:fs'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'

/** Where processes exchange voxels; only this user can read it. Gone when removed, or when the process exits. */
export interface WorkFolder {
  path: string
  /** @throws WorkstationError `output/disk-full` where so much more does not fit */
  needRoom(bytes: number): Promise<void>
  remove(): Promise<void>
}

/** @throws WorkstationError `output/not-writable` */
export async function createWorkFolder(): Promise<WorkFolder> {
  const parent = tmpdir()
  let path: string
  try {
    path = await mkdtemp(join(parent, 'screener-'))
  } catch (error) {
    const sentence = `No temporary folder can be made in ${parent}. Set TMPDIR to a folder that can be written.`
    throw new WorkstationError('output/not-writable', sentence, error)
  }
  const removeNow = () => rmSync(path, { recursive: true, force: true })
  process.once('exit', removeNow)
  return {
    path,
    needRoom: (bytes) => needRoom(path, parent, bytes),
    remove: async () => {
      await rm(path, { recursive: true, force: true })
      process.off('exit', removeNow)
    },
  }
}

async function needRoom(path: string, parent: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  if (bavail * bsize >= bytes) return
  const megabytes = (count: number) => `${Math.ceil(count / 1e6)} MB`
  throw new WorkstationError(
    'output/disk-full',
    `The disk with the temporary folder ${parent} has ${megabytes(bavail * bsize)} free, and this scan needs ${megabytes(bytes)} more there. Free some space, or set TMPDIR to a folder on another disk.`,
  )
}
