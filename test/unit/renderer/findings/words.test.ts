import './fakeMain.ts'
import { describe, expect, it } from 'vitest'
import type { BodyProfile } from '../../../../main/findings/location.ts'
import {
  huWords,
  locationWords,
  numberWords,
  percentileWords,
  positionWords,
  spokenWords,
  volumeWords,
} from '../../../../renderer/findings/words.ts'
import { levelWords, rarityWords } from '../../../../renderer/words/level.ts'
import { finding } from './fixtures.ts'

/** A scan that shows nothing of the body, so that only the position is known. */
const nothing: BodyProfile = { slabMm: 5, slabs: [], lungs: null }

/** A trunk 300 mm wide with lungs from −100 to 200 mm. */
const trunk: BodyProfile = {
  slabMm: 400,
  slabs: [
    {
      s: 50,
      box: { right: -150, left: 150, anterior: -100, posterior: 100 },
      middle: 0,
      areaCm2: 500,
      lungCm2: 200,
      boneCm2: 20,
      cut: { right: 0, left: 0, anterior: 0, posterior: 0 },
    },
  ],
  lungs: { bottom: -100, top: 200, bottomSeen: true, topSeen: true, volumeMl: 4000 },
}

describe('numbers on screen have units, and no more digits than they are worth', () => {
  it.each([
    [0.104, '0.10 mL'],
    [0.996, '1.0 mL'],
    [35.26, '35.3 mL'],
    [1234.5, '1,235 mL'],
  ])('%s mL', (ml, words) => expect(volumeWords(ml)).toBe(words))

  it('HU with a true minus, and none before zero', () => {
    expect(huWords({ huMean: -798.4, huSd: 16.2 })).toBe('−798 ± 16 HU')
    expect(huWords({ huMean: -0.2, huSd: 3 })).toBe('0 ± 3 HU')
  })

  it.each([
    [99.9, '1 in 1,000', '1 in 1,000 normal voxels', '99.9th percentile'],
    [99.9937, '1 in 16,000', '1 in 16,000 normal voxels', '99.9937th percentile'],
    [100, 'never seen', 'never seen in normal tissue', '100th percentile'],
    [20, 'common tissue', 'common in normal tissue', '20th percentile'],
  ])('level %s', (level, rarity, alone, percentile) => {
    expect(rarityWords(level)).toBe(rarity)
    expect(levelWords(level)).toBe(alone)
    expect(percentileWords(level)).toBe(percentile)
  })
})

describe('where a finding lies', () => {
  it('is told by side, body level and depth where they can be known', () => {
    const found = finding({ key: 'peak-1', centreMm: [80, 60, 150], huMean: -820 })
    expect(locationWords(found, trunk)).toEqual({
      place: 'Left, at upper-chest height, posterior',
      tissue: 'lung density',
    })
  })

  it('has no tissue named by the mean of a mixture', () => {
    const nodule = finding({ key: 'peak-1', centreMm: [80, 60, 150], huMean: -100, huSd: 280 })
    expect(locationWords(nodule, trunk).tissue).toBe('mixed density')
  })

  it('is told in mm towards the patient’s sides where they cannot', () => {
    const found = finding({ key: 'peak-1', centreMm: [-45.4, 12, -310] })
    expect(locationWords(found, nothing).place).toBe('R 45, P 12, I 310 mm')
    expect(positionWords([45, -12, 310])).toBe('L 45, A 12, S 310 mm')
  })
})

it('a row says its state, label and marks in words, never by colour or icon alone', () => {
  const found = finding({
    key: 'peak-1',
    number: null,
    state: 'false-positive',
    label: { text: 'Artefact', code: null },
    note: 'metal',
    corrected: true,
    hidden: 'below-threshold',
  })
  const spoken = spokenWords(found, nothing)
  for (const words of [
    'Not ranked',
    'False positive',
    'Artefact',
    'has a note',
    'outline corrected',
    'below the threshold',
  ])
    expect(spoken).toContain(words)
  expect(numberWords({ number: 3, origin: 'machine' })).toBe('#3')
  expect(numberWords({ number: null, origin: 'drawn' })).toBe('Drawn')
})
