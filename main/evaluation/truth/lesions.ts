import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { WorkstationError } from '../../errors.ts'
import type { Drawing, Structure } from './drawing.ts'

/** What `lesions.json` calls disease that is neither to be found nor normal: its voxels are not measured at all. */
const IGNORE = 'ignore'

/** Label → what kind of lesion it is, IGNORE, or null where it is none. */
const LesionKinds = z.record(z.string().regex(/^[1-9]\d{0,4}$/), z.string().trim().min(1).max(100).nullable())
export type LesionKinds = z.infer<typeof LesionKinds>

export interface Lesions {
  /** 1 inside a lesion. */
  lesion: Uint8Array
  /** 0 outside all lesions. */
  labels: Uint16Array
  kinds: Record<number, string>
  /** 1 where nothing is to be measured; absent where everything is. */
  ignored?: Uint8Array
  /** Names of what is drawn but not taken for a lesion, without anyone having said so in `lesions.json`. */
  leftOut: string[]
}

/**
 * `lesions.json` of a case, such as `{"1": "nodule solid", "2": null, "3": "ignore"}`: which labels are lesions, and of
 * which kind, and which are not to be measured.
 * @returns undefined where the case has none
 * @throws WorkstationError 'input/lesions-json'
 */
export async function readLesionKinds(folder: string): Promise<LesionKinds | undefined> {
  const path = join(folder, 'lesions.json')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new WorkstationError('input/unreadable', `${path} cannot be read.`, error)
  }
  try {
    return LesionKinds.parse(JSON.parse(text))
  } catch (error) {
    throw new WorkstationError(
      'input/lesions-json',
      'lesions.json does not say what the labels are: it must look like {"1": "nodule solid", "2": null}, with null for what is no lesion, and "ignore" for what is not to be measured.',
      error,
    )
  }
}

/**
 * Draws those structures that are lesions. What `kinds` says of a label counts, and it must speak of all of them but
 * those that the file itself says are none: a label forgotten would be measured as normal tissue. Without it, the
 * structures count that the file calls tumours; where there are none, all that it does not call something else.
 * @throws WorkstationError 'input/lesions-json', 'input/mask-empty', and what drawing throws
 */
export async function drawLesions(
  { structures, draw }: Drawing,
  kinds: LesionKinds | undefined,
): Promise<Lesions> {
  const chosen = new Map<number, string>()
  const ignoredLabels = new Set<number>()
  const leftOut: string[] = []
  const tumours = structures.some((structure) => structure.is === 'lesion')
  for (const structure of structures) {
    const { label, name, is } = structure
    const kind = kinds?.[label]
    if (kind === undefined && kinds !== undefined && is !== 'other') throw unspoken(structure)
    if (kind === IGNORE) ignoredLabels.add(label)
    else if (typeof kind === 'string') chosen.set(label, kind)
    else if (kinds === undefined && is === (tumours ? 'lesion' : 'unknown')) chosen.set(label, name)
    else if (kind === undefined) leftOut.push(name)
  }
  if (chosen.size === 0) throw structures.length === 0 ? nothingMarked() : nothingChosen(structures)
  const labels = await draw(new Set([...chosen.keys(), ...ignoredLabels]))
  const lesion = new Uint8Array(labels.length)
  const ignored = new Uint8Array(ignoredLabels.size > 0 ? labels.length : 0)
  let voxels = 0
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 0) continue
    if (ignoredLabels.has(labels[i])) {
      ignored[i] = 1
      labels[i] = 0
    } else {
      lesion[i] = 1
      voxels++
    }
  }
  if (voxels === 0) throw nothingMarked()
  const named = [...chosen].filter(([, name]) => name !== '')
  return {
    lesion,
    labels,
    kinds: Object.fromEntries(named),
    leftOut,
    ...(ignoredLabels.size > 0 && { ignored }),
  }
}

function unspoken({ label, name }: Structure): WorkstationError {
  return new WorkstationError(
    'input/lesions-json',
    `lesions.json does not say what label ${label}${name ? ` (${name})` : ''} is: give its kind, null where it is no lesion, or "ignore" where it is not to be measured.`,
  )
}

export function nothingMarked(): WorkstationError {
  return new WorkstationError('input/mask-empty', 'The mask marks no lesion, so there is nothing to measure.')
}

function nothingChosen(structures: readonly Structure[]): WorkstationError {
  const names = structures.map(({ label, name }) => (name ? `${label} ${name}` : `${label}`)).join(', ')
  return new WorkstationError(
    'input/mask-empty',
    `The truth marks no lesion (it holds ${names}), so there is nothing to measure. lesions.json can say which of them are lesions.`,
  )
}
