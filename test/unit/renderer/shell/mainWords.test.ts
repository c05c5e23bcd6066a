import '../findings/fakeMain.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { CallError } from '../../../../renderer/api/callError.ts'
import { i18next } from '../../../../renderer/i18n/index.ts'
import { deviceName, deviceStateWords } from '../../../../renderer/runs/deviceWords.ts'
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

  it('names devices and why they cannot be had in the same way', async () => {
    const device = {
      id: 'cuda',
      label: 'The NVIDIA graphics card (CUDA)',
      state: 'unavailable',
      notes: [
        {
          code: 'device/no-answer',
          message: 'Its driver did not answer within 30 s.',
          values: { seconds: 30 },
        },
        { code: 'device/other', message: 'Something else.' },
      ],
    } as const
    const entry = { ...device, notes: [...device.notes] }
    expect(deviceName(entry)).toBe(device.label)
    expect(deviceStateWords(entry)).toBe(
      'not available: Its driver did not answer within 30 s. Something else.',
    )
    i18next.addResources('de', 'translation', {
      'main.device-name/cuda': 'NVIDIA-Grafikkarte (CUDA)',
      'device.unavailable': 'nicht verfügbar',
      'main.device/no-answer': 'Der Treiber antwortet seit {{seconds}} s nicht.',
    })
    await i18next.changeLanguage('de')
    expect(deviceName(entry)).toBe('NVIDIA-Grafikkarte (CUDA)')
    expect(deviceStateWords(entry)).toBe(
      'nicht verfügbar: Der Treiber antwortet seit 30 s nicht. Something else.',
    )
  })
})
