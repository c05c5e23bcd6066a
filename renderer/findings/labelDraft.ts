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
}

export type LabelProblem = 'empty' | 'double' | 'sct' | 'code'

export function draftOf({ text, code }: FindingLabel, id: number): LabelDraft {
  return { id, text, scheme: code?.scheme ?? '', value: code?.value ?? '', meaning: code?.meaning ?? '' }
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
