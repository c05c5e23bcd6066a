import { describe, expect, it } from 'vitest'
import { DEFAULT_LABELS } from '../../../../main/library/defaultLabels.ts'
import {
  draftOf,
  followed,
  type LabelDraft,
  labelOf,
  problemsOf,
} from '../../../../renderer/findings/labelDraft.ts'

const draft = (change: Partial<LabelDraft>): LabelDraft => ({
  id: 0,
  text: 'Nodule',
  scheme: '',
  value: '',
  meaning: '',
  was: null,
  ...change,
})

describe('a list of labels being edited', () => {
  it('is the list it came from as long as nothing was changed, and has no problems', () => {
    const drafts = DEFAULT_LABELS.map(draftOf)
    expect(drafts.map(labelOf)).toEqual(DEFAULT_LABELS)
    expect(problemsOf(drafts).size).toBe(0)
  })

  it.each([
    ['empty', draft({ text: '  ' })],
    ['code', draft({ scheme: 'DCM' })],
    ['sct', draft({ scheme: 'SCT', value: '12345' })],
    ['sct', draft({ scheme: 'SCT', value: '027925004' })],
    ['sct', draft({ scheme: 'SCT', value: 'M-03010' })],
  ])('says what is wrong: %s', (problem, wrong) => {
    expect([...problemsOf([draft({ text: 'Cyst' }), wrong])]).toEqual([[1, problem]])
  })

  it('takes no name twice, whatever its case', () => {
    expect([...problemsOf([draft({}), draft({ text: 'NODULE ' })])]).toEqual([[1, 'double']])
  })

  it('gives a code the label’s name as its meaning where none is given', () => {
    expect(labelOf(draft({ text: ' Cyst ', scheme: 'SCT', value: '367643001 ' }))).toEqual({
      text: 'Cyst',
      code: { scheme: 'SCT', value: '367643001', meaning: 'Cyst' },
    })
    expect(labelOf(draft({ value: '367643001' })).code).toBeNull()
  })
})

describe('a list that another window changes while it is being edited', () => {
  const named = (text: string) => ({ text, code: null })
  const before = ['Nodule', 'Cyst', 'Stone'].map(named)
  const names = (drafts: readonly LabelDraft[]) => drafts.map(({ text }) => text)

  it('is as it is there where nothing was typed here', () => {
    const after = [
      named('Nodule'),
      { text: 'Stone', code: { scheme: 'DCM', value: '1', meaning: 'Stone' } },
      named('Rib'),
    ]
    const drafts = followed(before.map(draftOf), before, after)
    expect(drafts.map(labelOf)).toEqual(after)
    expect(new Set(drafts.map(({ id }) => id)).size).toBe(3)
  })

  it('keeps what was typed, added and removed here', () => {
    const [nodule, cyst] = before.map(draftOf) as [LabelDraft, LabelDraft]
    const here = [{ ...nodule, text: 'Lung nodule' }, cyst, draft({ id: 9, text: 'Rib' })]
    const after = [named('Cyst'), named('Stone'), named('rib'), named('Plaque')]
    expect(names(followed(here, before, after))).toEqual(['Lung nodule', 'Cyst', 'Rib', 'Plaque'])
  })

  it('has what was typed of a label that is gone there as a label of its own', () => {
    const [nodule] = before.map(draftOf) as [LabelDraft]
    const once = followed([{ ...nodule, text: 'Lung nodule' }], before, [])
    expect(once).toMatchObject([{ text: 'Lung nodule', was: null }])
    expect(names(followed(once, [], []))).toEqual(['Lung nodule'])
  })
})
