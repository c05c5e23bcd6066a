import { afterEach, describe, expect, it } from 'vitest'
import { CallError } from '../../../../renderer/api/callError.ts'
import { i18next } from '../../../../renderer/i18n/index.ts'
import { mainWords } from '../../../../renderer/words/main.ts'

const full = {
  code: 'output/disk-full',
  message: 'The disk is full: 1 MB are free and 2 MB are needed.',
  values: { free: '1 MB', needed: '2 MB' },
}

describe('what main says', () => {
  afterEach(() => i18next.changeLanguage('en'))

  it('is main’s own sentence where the catalogue has none for its code', () => {
    expect(mainWords(full)).toBe(full.message)
  })

  it('is in the language of the window where that has one, with what main’s sentence names', async () => {
    i18next.addResources('de', 'translation', {
      'main.output/disk-full': 'Frei: {{free}}, nötig: {{needed}}.',
    })
    await i18next.changeLanguage('de')
    expect(mainWords(full)).toBe('Frei: 1 MB, nötig: 2 MB.')
    expect(new CallError(full).message).toBe('Frei: 1 MB, nötig: 2 MB.')
    expect(mainWords({ code: 'input/other', message: 'Something else.' })).toBe('Something else.')
  })
})
