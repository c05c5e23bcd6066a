import { describe, expect, it } from 'vitest'
import '../findings/fakeMain.ts'
import type { ModelInspection } from '../../../../preload/modelRecords.ts'
import type { DeviceEntry } from '../../../../preload/records.ts'
import { chosenDevice, devicePreference } from '../../../../renderer/runs/choices.ts'
import { hardwareWords, inDeviceOrder } from '../../../../renderer/runs/deviceWords.ts'
import { isNoPackage, nameTaken } from '../../../../renderer/runs/modelImport.ts'
import { deviationWords } from '../../../../renderer/runs/runDetailsWords.ts'
import { newSteps } from '../../../../renderer/runs/useStepDowns.ts'
import { runEntry } from './entries.ts'

const device = (change: Partial<DeviceEntry> & { id: string }): DeviceEntry => ({
  label: change.id,
  state: 'available',
  notes: [],
  name: null,
  memory: null,
  driver: null,
  ...change,
})

describe('the device that is asked for', () => {
  const devices = [device({ id: 'auto' }), device({ id: 'cuda', state: 'unavailable' })]

  it('is the chosen one, then the best that works', () =>
    expect(devicePreference('cuda', false)).toBe('cuda,auto'))

  it('is the chosen one alone where no other may be taken', () =>
    expect(devicePreference('cuda', true)).toBe('cuda'))

  it('is the best that works where that was chosen', () =>
    expect(devicePreference('auto', true)).toBe('auto'))

  it('stays the chosen one where it cannot be had: another would be taken without a word', () =>
    expect(chosenDevice(devices, 'cuda')?.id).toBe('cuda'))
})

describe('devices', () => {
  it('that work come first, after the automatic choice', () => {
    const devices = [
      device({ id: 'auto' }),
      device({ id: 'cuda', state: 'unavailable' }),
      device({ id: 'webgpu', state: 'not-tried' }),
      device({ id: 'cpu' }),
    ]
    expect(inDeviceOrder(devices).map(({ id }) => id)).toEqual(['auto', 'cpu', 'webgpu', 'cuda'])
  })

  it.each([
    [
      { name: 'RTX A4000', memory: { totalBytes: 16e9, freeBytes: 12.1e9 }, driver: '550.54' },
      'RTX A4000 · 16.0 GB memory, 12.1 GB free · driver 550.54',
    ],
    [{ name: null, memory: { totalBytes: 16e9, freeBytes: null } }, '16.0 GB memory'],
    [{ memory: null }, ''],
  ])('are said with what is known of them: %j', (change, words) =>
    expect(hardwareWords(device({ id: 'cuda', ...change }))).toBe(words),
  )
})

describe('a package that is to be imported', () => {
  const named = (installed: ModelInspection['installed']) =>
    nameTaken({ version: '2.0.0', installed } as ModelInspection)

  it('takes the place of another version of an imported one, and of nothing else', () => {
    expect(named(null)).toBeNull()
    expect(named({ version: '1.0.0', origin: 'imported' })).toEqual({
      key: 'import.replaces',
      refused: false,
    })
    expect(named({ version: '2.0.0', origin: 'imported' })?.refused).toBe(true)
    expect(named({ version: '1.0.0', origin: 'built-in' })?.refused).toBe(true)
  })

  it('is none where a folder or ZIP holds no model, which may be a scan', () => {
    expect(isNoPackage('model/not-a-package')).toBe(true)
    expect(isNoPackage('model/zip-too-large')).toBe(true)
    expect(isNoPackage('model/manifest')).toBe(false)
  })
})

describe('a step down', () => {
  const step = { code: 'device-fallback', message: 'The card is gone. Continuing on the processor (CPU).' }
  const running = runEntry({ id: 'a', status: 'running' })

  it('is told once, while the run goes on', () => {
    const after = [{ ...running, warnings: [step] }]
    expect(newSteps([running], after)).toEqual([{ run: after[0], step }])
    expect(newSteps(after, after)).toEqual([])
    expect(newSteps([running], [{ ...running, status: 'done', warnings: [step] }])).toEqual([])
  })

  it('is not what else there is to know of a run', () => {
    const gap = { code: 'filled-slices', message: 'A slice is missing.' }
    expect(newSteps([running], [{ ...running, warnings: [gap] }])).toEqual([])
  })
})

describe('the proof of a run', () => {
  const proof = { goldenDeviation: 4.8e-7, goldenDeviationAtEnd: 5e-7, goldenTolerance: 1e-3 }

  it('says how far the check tile was off before and after it', () =>
    expect(deviationWords(proof)).toBe('4.8e-7 before the run, 5.0e-7 after it; at most 1.0e-3 accepted'))

  it('says no more than was recorded', () =>
    expect(deviationWords({ ...proof, goldenDeviationAtEnd: null })).not.toContain('after'))
})
