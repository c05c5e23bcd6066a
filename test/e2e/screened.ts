import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { CallInput, CallName, CallOutput } from '../../preload/contract.ts'
import { ROOT, WebHost } from './hosts.ts'

const FOLDER = 'SCREENER_E2E_SCREENED'
const SMALL = join('small', 'dicom')

/** Data of a workstation whose library holds the sample, screened once. Copy it; it is there for all specs. */
export const screenedFolder = (): string => process.env[FOLDER]!

/** Another patient, in 6 mm voxels: a DICOM series in the data folder, which is not in the library. */
export const smallScan = (dataFolder: string): string => join(dataFolder, SMALL)

/** Makes both, before the first spec. SCREENER_E2E_SCREENED names a folder that was made before, to save the time. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env[FOLDER]) return async () => {}
  const folder = await mkdtemp(join(tmpdir(), 'screener-e2e-screened-'))
  process.env[FOLDER] = folder
  await makeSmallScan(join(folder, 'small'))
  await screenSample(folder)
  return () => rm(folder, { recursive: true, force: true })
}

async function makeSmallScan(folder: string): Promise<void> {
  await promisify(execFile)(process.execPath, [join(ROOT, 'test/e2e/makeSmallScan.ts'), folder], {
    cwd: ROOT,
  })
}

async function screenSample(folder: string): Promise<void> {
  const host = new WebHost(folder, () => Promise.reject(new Error('no window is needed')))
  await host.start()
  try {
    const call = await caller(host.address)
    await call('settings.set', { key: 'help.tourSeen', value: true })
    const { id: seriesId } = await call('library.addSample', { job: 'sample' })
    await call('series.open', { seriesId })
    const { id } = await call('runs.start', { seriesId })
    for (;;) {
      const run = (await call('runs.list', { seriesId })).find((one) => one.id === id)
      if (run?.status === 'done') return
      if (run?.status !== 'queued' && run?.status !== 'running')
        throw new Error(`the sample was not screened: ${run?.error?.message ?? run?.status}`)
      await wait(500)
    }
  } finally {
    await host.close()
  }
}

/** Calls of the contract, as a window makes them. */
async function caller(address: string) {
  const { origin } = new URL(address)
  const opened = await fetch(address, { redirect: 'manual' })
  const cookie = opened.headers.getSetCookie().map((one) => one.split(';')[0])
  return async <N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> => {
    const response = await fetch(`${origin}/api/call/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, cookie: cookie.join('; ') },
      body: JSON.stringify(input),
    })
    const result = await response.json()
    if (!result.ok) throw new Error(`${name}: ${result.error.message}`)
    return result.value
  }
}
