import { InvalidArgumentError, Option } from 'commander'
import { type OutputFormat, RESEARCH_USE_ONLY } from '../../exporting/runRecord.ts'
import { DeviceChoice, type DevicePreference } from '../../inference/devices.ts'

export const NOTICE = `${RESEARCH_USE_ONLY}.`

export const DEFAULT_LEVEL = 99.9
export const DEFAULT_MIN_VOLUME_ML = 0.1

export interface EngineFlags {
  /** The user's default where absent. */
  model?: string
  device: DevicePreference
  threads?: number
}

export interface FindingFlags {
  level: number
  minVolume: number
}

/** A finite number within bounds, written as a number and nothing else. */
export function numberBetween(low: number, high: number, unit = ''): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= low && value <= high)) {
      const bounds = high === Number.POSITIVE_INFINITY ? `at least ${low}` : `from ${low} to ${high}`
      throw new InvalidArgumentError(`It must be a number ${bounds}${unit}.`)
    }
    return value
  }
}

export function wholeNumberFrom(low: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < low) {
      throw new InvalidArgumentError(`It must be a whole number, at least ${low}.`)
    }
    return value
  }
}

/** A path: the empty one would be the folder one happens to be in, as an unset shell variable makes it. */
export function path(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}

/** One path after another: the files of one scan. */
export function paths(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), path(text)]
}

function formats(text: string): OutputFormat[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => name !== 'nifti' && name !== 'seg')
  if (wrong !== undefined) throw new InvalidArgumentError(`It must be nifti, seg or nifti,seg, not ${wrong}.`)
  return [...new Set(names as OutputFormat[])]
}

function devices(text: string): DevicePreference {
  const choices = text.split(',').map((name) => DeviceChoice.safeParse(name.trim()).data)
  const known = choices.filter((choice) => choice !== undefined)
  if (known.length < choices.length)
    throw new InvalidArgumentError(`Allowed choices are ${DeviceChoice.options.join(', ')}.`)
  return known.length === 1 ? known[0] : known
}

export const modelOption = () =>
  new Option(
    '--model <name|path>',
    'model package: an installed name or a folder (default: what `models` marks as such)',
  ).argParser(path)

export const deviceOption = () =>
  new Option(
    '--device <list>',
    `what to compute on: ${DeviceChoice.options.join(', ')}; or several in the order to try, comma-separated`,
  )
    .argParser(devices)
    .default('auto')

export const threadsOption = () =>
  new Option('--threads <n>', 'CPU threads (default: the physical cores)').argParser(wholeNumberFrom(1))

export const levelOption = () =>
  new Option(
    '--level <percentile>',
    'anomaly level from which voxels count as a finding: a percentile of normal tissue',
  )
    .argParser(numberBetween(0, 100))
    .default(DEFAULT_LEVEL)

export const minVolumeOption = () =>
  new Option('--min-volume <mL>', 'leave out findings smaller than this')
    .argParser(numberBetween(0, Number.POSITIVE_INFINITY))
    .default(DEFAULT_MIN_VOLUME_ML)

export const formatOption = () =>
  new Option(
    '--format <list>',
    'nifti, seg or both, comma-separated (default: both for DICOM, nifti for NIfTI)',
  ).argParser(formats)

export const jsonOption = () => new Option('--json', 'print one machine-readable object instead of text')
