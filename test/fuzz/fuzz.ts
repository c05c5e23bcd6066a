import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorkstationError } from '../../main/errors.ts'
import { createRandom } from '../../main/imaging/phantom/random.ts'
import { voxelCount } from '../../main/imaging/volume.ts'
import type { ReaderClient } from '../../main/reading/client.ts'
import { packZip } from '../unit/imaging/zipWriter.ts'
import { type FuzzInput, fuzzInputs } from './inputs.ts'
import { mutate } from './mutate.ts'

/**
 * Peak memory that reading one damaged input may take on top of what the process held before: four times what was
 * opened (or handed over), and this, for the codecs' own memory and the collector's slack.
 */
const MEMORY_ALLOWANCE_BYTES = 192 * 2 ** 20

/** Every this many cases the input is described instead of opened. */
const DESCRIBE_EVERY = 5

export interface FuzzOutcome {
  /** 'opened', 'described' or the error's code → number of cases. */
  outcomes: Map<string, number>
  /** What must not happen, in words, with the case's number. */
  failures: string[]
  slowest: { seconds: number; number: number }
  /** Peak growth of the reading process in one case; null where the system does not tell. */
  largestGrowthBytes: number | null
}

export interface FuzzRequest {
  reader: ReaderClient
  /** Scratch folder; the last case's files stay in it. */
  folder: string
  seed: number
  /** Numbers of the cases: each depends on its number and the seed alone. */
  cases: Iterable<number>
  onCase?: (number: number) => void
}

/** Opens damaged inputs, one after the other, and says what became of them. */
export async function fuzz({ reader, folder, seed, cases, onCase }: FuzzRequest): Promise<FuzzOutcome> {
  const inputs = fuzzInputs()
  const result: FuzzOutcome = {
    outcomes: new Map(),
    failures: [],
    slowest: { seconds: 0, number: -1 },
    largestGrowthBytes: null,
  }
  for (const number of cases) {
    const { input, path, bytes } = writeCase(inputs, folder, seed, number)
    const before = resetPeak(reader.pid)
    const started = performance.now()
    const { outcome, failure, voxels } = await attempt(reader, folder, path, number)
    const seconds = (performance.now() - started) / 1000
    if (seconds > result.slowest.seconds) result.slowest = { seconds, number }
    result.outcomes.set(outcome, (result.outcomes.get(outcome) ?? 0) + 1)
    if (failure) result.failures.push(`case ${number} (${input.name}): ${failure}`)
    const growth = before === null ? null : growthSince(reader.pid, before)
    if (growth !== null) {
      result.largestGrowthBytes = Math.max(result.largestGrowthBytes ?? 0, growth)
      const allowed = 4 * Math.max(bytes, 2 * voxels) + MEMORY_ALLOWANCE_BYTES
      if (growth > allowed) {
        result.failures.push(`case ${number} (${input.name}): ${Math.round(growth / 2 ** 20)} MiB taken`)
      }
    }
    onCase?.(number)
  }
  return result
}

/** Writes an input with one file damaged. @returns the path to open and the size of what was written */
function writeCase(inputs: readonly FuzzInput[], folder: string, seed: number, number: number) {
  const random = createRandom(seed, `case ${number}`)
  const input = random.pick(inputs)
  const target = input.target ?? random.pick(input.files).name
  const place = join(folder, 'input')
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place)
  const files = input.files.map(({ name, bytes }) => ({
    name,
    data: name === target ? mutate(bytes, random) : bytes,
  }))
  const bytes = files.reduce((sum, { data }) => sum + data.length, 0)
  if (input.packedAs) writeFileSync(join(place, input.packedAs), packZip(files))
  else for (const { name, data } of files) writeFileSync(join(place, name), data)
  return { input, path: input.open ? join(place, input.open) : place, bytes }
}

async function attempt(
  reader: ReaderClient,
  folder: string,
  path: string,
  number: number,
): Promise<{ outcome: string; failure?: string; voxels: number }> {
  const voxelsFile = join(folder, 'voxels.raw')
  rmSync(voxelsFile, { force: true })
  try {
    if (number % DESCRIBE_EVERY === 0) {
      await reader.describe(path)
      return { outcome: 'described', voxels: 0 }
    }
    const { grid } = await reader.open({ input: path, voxelsFile })
    const voxels = voxelCount(grid)
    const numbers = [...grid.dims, ...grid.spacing, ...grid.origin, ...grid.direction]
    if (!numbers.every(Number.isFinite)) return { outcome: 'opened', failure: 'a grid that is none', voxels }
    if (readFileSync(voxelsFile).length !== 2 * voxels)
      return { outcome: 'opened', failure: 'voxels that do not fill the grid', voxels }
    return { outcome: 'opened', voxels }
  } catch (error) {
    if (!(error instanceof WorkstationError)) return { outcome: 'other', failure: String(error), voxels: 0 }
    const { code, message } = error
    // That these are contained is tested elsewhere; here they show code that ought to check before it trusts.
    const avoidable = [
      'input/reader-died',
      'input/reader-hung',
      'input/reader-protocol',
      'input/internal',
    ].includes(code)
    const failed = error.kind !== 'input' || avoidable || /undefined|NaN|\[object/.test(message)
    return {
      outcome: code,
      voxels: 0,
      ...(failed ? { failure: `${code}: ${message} ${error.detail ?? ''}` } : {}),
    }
  }
}

/** Sets the process's peak back to what it holds now (Linux), which it returns; null where that cannot be had. */
function resetPeak(pid: number | undefined): number | null {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    return residentBytes(pid, 'VmRSS')
  } catch {
    return null
  }
}

/** Null where the process is gone. */
function growthSince(pid: number | undefined, before: number): number | null {
  try {
    return residentBytes(pid, 'VmHWM') - before
  } catch {
    return null
  }
}

function residentBytes(pid: number | undefined, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)![1]) * 1024
}
