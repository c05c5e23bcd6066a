import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = 'screener-zip-'

const inUse = new Set<string>()
let watching = false

/** A folder that only this user can enter (mode 0700). Removed by `removeTemporaryFolder`, and when the process ends. */
export async function createTemporaryFolder(): Promise<string> {
  await removeLeftOver()
  if (!watching) {
    watching = true
    process.on('exit', () => {
      for (const folder of inUse) rmSync(folder, { recursive: true, force: true })
    })
  }
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  inUse.add(folder)
  return folder
}

export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  inUse.delete(folder)
}

/** A process that was killed could not tidy up, and patient data must not stay behind: the next one does it. */
async function removeLeftOver(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1])
    if (!pid || pid === process.pid || isRunning(pid)) continue
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
