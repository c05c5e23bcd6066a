import { createRandom } from '../imaging/phantom/random.ts'

/** At most this many voxels of each class are drawn from a scan: Screener (arXiv 2502.08321), its AUROC protocol. */
export const SAMPLES_PER_CLASS = 1000

/** Offsets of voxels in a volume, ascending. */
export interface SampledVoxels {
  lesion: Int32Array
  other: Int32Array
}

/**
 * Draws lesion voxels and other voxels of one scan, uniformly and without replacement. Lesion voxels count wherever
 * they lie, outside the body mask too: a model must not gain by leaving a lesion unscored. Others are those the
 * model scored, which are body voxels.
 * @param lesion nonzero inside a lesion
 * @param scored nonzero where the model gave a score
 * @param scan name of the scan: each has a sequence of its own, so that one more scan changes no other's sample
 */
export function sampleVoxels(
  lesion: Uint8Array,
  scored: Uint8Array,
  seed: number,
  scan: string,
  atMost: number = SAMPLES_PER_CLASS,
): SampledVoxels {
  const counts = countClasses(lesion, scored)
  const wanted = {
    lesion: drawOrdinals(counts.lesion, atMost, seed, `lesion/${scan}`),
    other: drawOrdinals(counts.other, atMost, seed, `other/${scan}`),
  }
  const sample = {
    lesion: new Int32Array(wanted.lesion.length),
    other: new Int32Array(wanted.other.length),
  }
  const seen = { lesion: 0, other: 0 }
  const taken = { lesion: 0, other: 0 }
  for (let i = 0; i < lesion.length; i++) {
    const kind = lesion[i] !== 0 ? 'lesion' : scored[i] !== 0 ? 'other' : undefined
    if (kind === undefined) continue
    if (wanted[kind][taken[kind]] === seen[kind]++) sample[kind][taken[kind]++] = i
  }
  return sample
}

/** Number of lesion voxels, and of scored voxels outside every lesion. */
export function countClasses(lesion: Uint8Array, scored: Uint8Array): { lesion: number; other: number } {
  let inside = 0
  let other = 0
  for (let i = 0; i < lesion.length; i++) {
    if (lesion[i] !== 0) inside++
    else if (scored[i] !== 0) other++
  }
  return { lesion: inside, other }
}

/**
 * min(count, atMost) different integers below `count`, ascending, every such set equally likely (Floyd's algorithm:
 * Bentley and Floyd, "A sample of brilliance", CACM 1987).
 */
export function drawOrdinals(count: number, atMost: number, seed: number, stream: string): Int32Array {
  const random = createRandom(seed, stream)
  const drawn = new Set<number>()
  for (let last = Math.max(0, count - atMost); last < count; last++) {
    const candidate = random.integer(0, last)
    drawn.add(drawn.has(candidate) ? last : candidate)
  }
  return Int32Array.from(drawn).sort()
}

/**
 * Draws voxels of every lesion of a mask that numbers its lesions, uniformly and without replacement.
 * @param labels number of the lesion that holds a voxel
 * @param offsets of all lesion voxels, ascending
 * @returns by label, in ascending order of label: all its voxels' number, and offsets of those drawn, ascending
 */
export function sampleLabels(
  labels: Uint16Array,
  offsets: Int32Array,
  seed: number,
  scan: string,
  atMost: number = SAMPLES_PER_CLASS,
): Map<number, { voxels: number; sample: Int32Array }> {
  const counts = new Map<number, number>()
  for (const offset of offsets) {
    const label = labels[offset]
    if (label !== 0) counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  const drawn = [...counts.keys()]
    .sort((a, b) => a - b)
    .map((label) => {
      const voxels = counts.get(label) as number
      const wanted = drawOrdinals(voxels, atMost, seed, `label ${label}/${scan}`)
      const draw = { voxels, wanted, sample: new Int32Array(wanted.length), seen: 0, taken: 0 }
      return [label, draw] as const
    })
  const byLabel = new Map(drawn)
  for (const offset of offsets) {
    const of = byLabel.get(labels[offset])
    if (of !== undefined && of.wanted[of.taken] === of.seen++) of.sample[of.taken++] = offset
  }
  return byLabel
}

/** Draws voxels for which `keep` holds, uniformly and without replacement; offsets below `voxels`, ascending. */
export function sampleWhere(
  voxels: number,
  keep: (offset: number) => boolean,
  seed: number,
  stream: string,
  atMost: number = SAMPLES_PER_CLASS,
): Int32Array {
  let count = 0
  for (let i = 0; i < voxels; i++) if (keep(i)) count++
  const wanted = drawOrdinals(count, atMost, seed, stream)
  const sample = new Int32Array(wanted.length)
  for (let i = 0, seen = 0, taken = 0; taken < wanted.length; i++) {
    if (keep(i) && wanted[taken] === seen++) sample[taken++] = i
  }
  return sample
}
