import type { FindingLabel } from '../../preload/records.ts'

/** A label while it is being edited: texts that may be wrong yet. */
export interface LabelDraft {
  /** For React only. */
  id: number
  text: string
  /** '' for no code. */
  scheme: '' | 'SCT' | 'DCM' | (string & {})
  value: string
  meaning: string
  /** As it was in the list when that was last read; null for one that was added here. */
  was: FindingLabel | null
}

export type LabelProblem = 'empty' | 'double' | 'sct' | 'code'

export function draftOf(label: FindingLabel, id: number): LabelDraft {
  const { text, code } = label
  return {
    id,
    text,
    scheme: code?.scheme ?? '',
    value: code?.value ?? '',
    meaning: code?.meaning ?? '',
    was: label,
  }
}

/** For a draft that comes next. */
export const nextId = (drafts: readonly LabelDraft[]): number =>
  Math.max(-1, ...drafts.map(({ id }) => id)) + 1

/**
 * What is being edited after the list was changed from `before` to `after` in another window: what the reader typed,
 * added or removed here stays so, and the rest is as it is there. A label that was given another name there is another.
 */
export function followed(
  drafts: readonly LabelDraft[],
  before: readonly FindingLabel[],
  after: readonly FindingLabel[],
): LabelDraft[] {
  const nameOf = ({ text }: { text: string }) => text.trim().toLowerCase()
  const there = new Map(after.map((label) => [nameOf(label), label]))
  const kept = drafts.flatMap((draft): LabelDraft[] => {
    if (draft.was === null) return [draft]
    const now = there.get(nameOf(draft.was))
    const isTyped = JSON.stringify(labelOf(draft)) !== JSON.stringify(labelOf(draftOf(draft.was, draft.id)))
    if (isTyped) return [{ ...draft, was: now ?? null }]
    return now ? [draftOf(now, draft.id)] : []
  })
  const known = new Set([...before, ...kept].map(nameOf))
  const id = nextId(kept)
  const added = after.filter((label) => !known.has(nameOf(label)))
  return [...kept, ...added.map((label, index) => draftOf(label, id + index))]
}

/** As it is stored; the meaning of a code is the label's own name where none is given. */
export function labelOf({ text, scheme, value, meaning }: LabelDraft): FindingLabel {
  const name = text.trim()
  const code = scheme === '' ? null : { scheme, value: value.trim(), meaning: meaning.trim() || name }
  return { text: name, code }
}

/** What is wrong with each label of a list, by its place; none where all can be stored. */
export function problemsOf(drafts: readonly LabelDraft[]): Map<number, LabelProblem> {
  const problems = new Map<number, LabelProblem>()
  const seen = new Set<string>()
  drafts.forEach(({ text, scheme, value }, index) => {
    const name = text.trim().toLowerCase()
    if (name === '') problems.set(index, 'empty')
    else if (seen.has(name)) problems.set(index, 'double')
    else if (scheme !== '' && value.trim() === '') problems.set(index, 'code')
    // SNOMED CT identifiers (RF2): 6 to 18 digits, the first not 0.
    else if (scheme === 'SCT' && !/^[1-9]\d{5,17}$/.test(value.trim())) problems.set(index, 'sct')
    seen.add(name)
  })
  return problems
}
