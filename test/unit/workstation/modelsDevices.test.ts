import { describe, expect, test } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { EngineClient } from '../../../main/inference/client.ts'
import type { DeviceStatus } from '../../../main/inference/probeDevices.ts'
import { Devices } from '../../../main/workstation/equipment.ts'
import { Events } from '../../../main/workstation/events.ts'
import { calls, events as contract } from '../../../preload/contract.ts'
import { addSource, makeBed, runIs } from './bed.ts'
import { Gate } from './fakes.ts'

const LINUX = {
  platform: 'linux',
  arch: 'x64',
  cudaLibraryInstalled: true,
  nvidiaDriverPresent: true,
} as const

const CARD: DeviceStatus = {
  device: 'cuda',
  name: 'NVIDIA RTX A4000',
  memory: { totalBytes: 16e9, freeBytes: 12e9 },
  driver: '550.54',
  state: 'available',
  note: null,
}

describe('devices', () => {
  test('are listed before any was tried, and told again when they were', async () => {
    const events = new Events()
    const gate = new Gate()
    const devices = new Devices(LINUX, {
      events,
      probe: async () => {
        await gate.pass()
        return [CARD]
      },
    })
    const told: string[] = []
    events.on('devices.changed', (list) => told.push(contract['devices.changed'].parse(list)[2].state))
    const cuda = () => devices.list().find(({ id }) => id === 'cuda')
    const both = [devices.probe(), devices.probe()]
    expect(cuda()).toMatchObject({ state: 'not-tried', name: null })
    gate.open()
    const [first, second] = await Promise.all(both)
    expect(first).toBe(second)
    expect(cuda()).toMatchObject({
      state: 'available',
      name: 'NVIDIA RTX A4000',
      memory: { freeBytes: 12e9 },
    })
    expect(told).toEqual(['available'])
    await devices.close()
  })

  test('that failed in a run count by what another try shows', async () => {
    const devices = new Devices(LINUX, { probe: async () => [CARD] })
    const failure = new WorkstationError('engine/device-unavailable', 'The card was busy.')
    devices.learn({ device: 'cuda', failure })
    const cuda = () => devices.list().find(({ id }) => id === 'cuda')
    expect(cuda()).toMatchObject({ state: 'unavailable', notes: [{ message: 'The card was busy.' }] })
    await devices.probe()
    expect(cuda()?.state).toBe('available')
    await devices.close()
  })

  test('are not tried on after the end', async () => {
    const devices = new Devices(LINUX, {
      probe: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    const probing = devices.probe().catch(() => 'ended')
    await devices.close()
    expect(await probing).toBe('ended')
  })
})

describe('a device that was chosen and cannot be had', () => {
  const absent = { host: { ...LINUX, cudaLibraryInstalled: false, nvidiaDriverPresent: false } }
  const start = async (device: string) => {
    const bed = await makeBed({ engine: new EngineClient(absent) })
    const { series } = await addSource(bed)
    return {
      bed,
      run: await bed.workstation.call('runs.start', { seriesId: series.id, model: 'tinymodel', device }),
    }
  }

  test('is left for the next, which the run says while it goes on and keeps', async () => {
    const { bed, run } = await start('coreml,auto')
    const done = await runIs(bed, run.id, 'done')
    expect(done).toMatchObject({ deviceRequested: 'coreml,auto', device: 'cpu' })
    const steps = done.warnings.filter(({ code }) => code === 'device-fallback')
    expect(steps).toHaveLength(1)
    const during = bed.runs.filter(({ status }) => status === 'running')
    expect(during.some(({ warnings }) => warnings.some(({ code }) => code === 'device-fallback'))).toBe(true)
    const details = calls['runs.details'].output
      .strict()
      .parse(await bed.workstation.call('runs.details', { runId: run.id }))
    expect(details).toMatchObject({ deviceRequested: 'coreml,auto', device: 'cpu' })
    expect(details.patchSize).toHaveLength(3)
    expect(details.goldenDeviation).toBeLessThanOrEqual(details.goldenTolerance)
    expect(details.goldenDeviationAtEnd).toBeLessThanOrEqual(details.goldenTolerance)
  })

  test('fails the run where no other may be taken', async () => {
    const { bed, run } = await start('coreml')
    expect((await runIs(bed, run.id, 'failed')).error?.code).toBe('engine/device-unavailable')
  })
})
