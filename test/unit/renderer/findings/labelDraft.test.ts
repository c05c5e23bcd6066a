import { describe, expect, it } from 'vitest'
import { DEFAULT_LABELS } from '../../../../main/library/defaultLabels.ts'
import { draftOf, type LabelDraft, labelOf, problemsOf } from '../../../../renderer/findings/labelDraft.ts'

const draft = (change: Partial<LabelDraft>): LabelDraft => ({
  id: 0,
  text: 'Nodule',
  scheme: '',
  value: '',
  meaning: '',
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
