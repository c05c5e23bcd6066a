import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { createOutput } from '../exporting/outputFolder.ts'
import { filesBelow } from '../imaging/inputs/files.ts'
import type { CasePicture } from './report/casePicture.ts'
import type { CaseRecord } from './types.ts'

/** Raised when what is stored changes, or how a figure in it is computed between two versions of the program. */
const STORE_VERSION = 1

/** What a measured case depends on, beside its own files: one that differs in any of it is measured anew. */
export interface MeasuredWith {
  /** SHA-256 of the model package. */
  modelHash: string
  device: string
  seed: number
  level: number
  minVolumeMl: number
}

/** What is kept of one case. */
export interface StoredCase {
  record: CaseRecord
  picture: CasePicture
}

/** A folder of measured cases, from which an evaluation that stopped goes on. */
export interface CaseStore {
  /** What was stored of a case as it lies there now; undefined where it must be measured. */
  load(name: string): Promise<StoredCase | undefined>
  /** Returns when the case would survive a power cut. @throws WorkstationError of kind 'output' */
  save(name: string, stored: StoredCase): Promise<void>
}

/**
 * Opens the folder `dir`, making it where it is missing. Each case is one file, written whole or not at all, named by
 * the case and by what it depends on: the model's hash, device, seed, level, smallest volume, the version of this
 * program, and the names, sizes and times of change of the case's files. So several models may share a folder, and a
 * case whose mask was corrected is measured again. A file that is damaged is as good as none.
 * @throws WorkstationError output/not-writable, output/disk-full, output/failed
 */
export async function openCaseStore(
  dir: string,
  casesDir: string,
  measuredWith: MeasuredWith,
): Promise<CaseStore> {
  // Proves now, not after the first case, that the folder can be written.
  await (await createOutput(dir)).commit()
  const place = async (name: string) => {
    const { modelHash, device, seed, level, minVolumeMl } = measuredWith
    const versions = { store: STORE_VERSION, program: packageJson.version }
    const files = await filesOf(join(casesDir, name))
    const key = { versions, name, modelHash, device, seed, level, minVolumeMl, files }
    const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex')
    const readable = name.replaceAll(/[^\w-]+/g, '_').slice(0, 80)
    return { digest, file: `case-${readable}-${digest.slice(0, 16)}.json` }
  }
  return {
    load: async (name) => {
      const { digest, file } = await place(name)
      return readStored(join(dir, file), digest)
    },
    save: async (name, stored) => {
      const { digest, file } = await place(name)
      const output = await createOutput(dir)
      await output.write(file, `${JSON.stringify({ key: digest, ...stored })}\n`)
      await output.commit()
    },
  }
}

async function readStored(path: string, digest: string): Promise<StoredCase | undefined> {
  try {
    const { key, record, picture } = JSON.parse(await readFile(path, 'utf8'))
    return key === digest && record && picture ? { record, picture } : undefined
  } catch {
    return undefined
  }
}

/** Names, sizes and times of change of a case's files, in order of name; what cannot be looked at is left out. */
async function filesOf(folder: string): Promise<[name: string, bytes: number, changedMs: number][]> {
  const files: [string, number, number][] = []
  try {
    for await (const { path } of filesBelow(folder)) {
      const { size, mtimeMs } = await stat(path)
      files.push([relative(folder, path), size, mtimeMs])
    }
  } catch {
    // Measuring the case will say what is wrong with its folder.
  }
  return files.sort((a, b) => (a[0] < b[0] ? -1 : 1))
}
