import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const inUse = new Set<string>()
let watching = false

/**
 * A folder that only this user can enter (mode 0700). Removed by `removeTemporaryFolder`, and when the process ends; a
 * reading process that is killed has a temporary folder of its own, which its parent removes.
 */
export async function createTemporaryFolder(): Promise<string> {
  if (!watching) {
    watching = true
    process.on('exit', () => {
      for (const folder of inUse) rmSync(folder, { recursive: true, force: true })
    })
  }
  const folder = await mkdtemp(join(tmpdir(), 'screener-zip-'))
  inUse.add(folder)
  return folder
}

export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  inUse.delete(folder)
}
