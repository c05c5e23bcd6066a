import { closeSync, fsyncSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'

/** Returns when the file's content would survive a power cut. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * The same for a folder's list of names, where the system can: Windows opens no folder, and journals its renames anyway.
 */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => {})
  await folder?.close()
}

/** The same before anything else happens in this process: a change that must come whole needs it in one go. */
export function flushFolderNow(path: string): void {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    fsyncSync(descriptor)
  } catch {
    // Not every file system can; the files themselves are flushed and in place.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
