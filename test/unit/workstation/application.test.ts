import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { Devices } from '../../../main/workstation/equipment.ts'
import { createWorkstation } from '../../../main/workstation/index.ts'
import { calls } from '../../../preload/contract.ts'
import { temporaryFolder } from '../inference/packages.ts'
import { addSource, failure, makeBed, runIs, startRun } from './bed.ts'
import { Gate } from './fakes.ts'

describe('what the window asks first', () => {
  test('the program, its models, devices, labels and settings, as the contract has them', async () => {
    const { workstation, dataFolder } = await makeBed()
    const info = calls['app.info'].output.strict().parse(await workstation.call('app.info', {}))
    expect(info).toMatchObject({ dataFolder, host: 'web', picker: 'list', canShowInFolder: false })
    expect((await workstation.call('app.diskUsed', {})).bytes).toBeGreaterThan(0)
    const models = calls['models.list'].output.parse(await workstation.call('models.list', {}))
    expect(models).toContainEqual(expect.objectContaining({ name: 'tinymodel', isDefault: false }))
    const devices = calls['devices.list'].output.parse(await workstation.call('devices.list', {}))
    expect(devices[0].id).toBe('auto')
    const labels = await workstation.call('labels.all', {})
    expect(await workstation.call('labels.set', { labels: labels.slice(1) })).toEqual(labels.slice(1))
    await workstation.call('settings.set', { key: 'layout', value: { panes: [1, 2] } })
    expect(await workstation.call('settings.all', {})).toEqual({ layout: { panes: [1, 2] } })
  })

  test('goes on with a new library where the old one is damaged, and says where that lies', async () => {
    const bed = await makeBed()
    await addSource(bed)
    await bed.workstation.close()
    await writeFile(join(bed.dataFolder, 'library.sqlite'), 'no database at all')
    await rm(join(bed.dataFolder, 'library.sqlite-wal'), { force: true })
    await bed.restart()
    const { notices } = await bed.workstation.call('app.info', {})
    expect(notices).toMatchObject([{ message: expect.stringContaining('library-damaged-') }])
    expect(await bed.workstation.call('library.list', {})).toEqual([])
    expect((await addSource(bed)).series.state).toBe('new')
  })

  test('a dialog only where the host has one', async () => {
    const listing = await makeBed()
    const asked = (bed: typeof listing) => bed.workstation.call('files.pick', { purpose: 'open-folder' })
    expect((await failure(asked(listing))).code).toBe('usage/no-dialog')
    const shown: string[] = []
    const abilities = {
      host: 'electron',
      picker: 'native',
      pick: async () => ['/scans/one', '/scans/two'],
      showInFolder: async (path: string) => void shown.push(path),
    } as const
    const native = await makeBed({ abilities })
    const chosen = await asked(native)
    expect(chosen?.map(({ name }) => name)).toEqual(['one', 'two'])
    await native.workstation.call('files.show', { handle: chosen![1].handle })
    expect(shown).toEqual(['/scans/two'])
  })

  test('paths from the system reach the window as handles', async () => {
    const { workstation } = await makeBed()
    const opened: unknown[] = []
    workstation.on('files.opened', (handles) => opened.push(handles))
    workstation.openPaths(['/scans/one'])
    expect(opened).toEqual([[workstation.grantPath('/scans/one')]])
  })
})

describe('devices', () => {
  const linux = {
    platform: 'linux',
    arch: 'x64',
    cudaLibraryInstalled: false,
    nvidiaDriverPresent: false,
  } as const
  const stateOf = (devices: Devices, id: string) => devices.list().find((device) => device.id === id)

  test('are what is known without trying', () => {
    const devices = new Devices(linux)
    expect(stateOf(devices, 'cpu')?.state).toBe('available')
    expect(stateOf(devices, 'cuda')).toMatchObject({
      state: 'unavailable',
      notes: [{ code: 'device/driver-missing', message: expect.stringMatching(/NVIDIA driver/) }],
    })
    expect(stateOf(devices, 'coreml')?.state).toBe('unavailable')
    const full = new Devices({ ...linux, cudaLibraryInstalled: true, nvidiaDriverPresent: true })
    expect(stateOf(full, 'cuda')?.state).toBe('not-tried')
  })

  test('are known better after a run', () => {
    const devices = new Devices({ ...linux, cudaLibraryInstalled: true, nvidiaDriverPresent: true })
    const failure = new WorkstationError('engine/device-unavailable', 'The graphics driver is too old.')
    devices.learn({ device: 'cuda', failure })
    expect(stateOf(devices, 'cuda')).toMatchObject({
      state: 'unavailable',
      notes: [{ code: failure.code, message: failure.message }],
    })
    const report = {
      device: 'cuda',
      threads: 1,
      partlyOnCpu: false,
      goldenDeviation: 1e-5,
      goldenTolerance: 1e-3,
      loadSeconds: 1,
    } as const
    devices.learn({ device: 'cuda', report })
    expect(stateOf(devices, 'cuda')).toMatchObject({
      state: 'available',
      notes: [{ code: 'device/proved', message: expect.stringContaining('1.0e-5') }],
    })
  })
})

describe('the end', () => {
  test('comes at once, whatever is going on, and nothing is answered after it', async () => {
    const bed = await makeBed()
    const { workstation } = bed
    const screened = await addSource(bed)
    const opened = await addSource(bed)
    const gates = [new Gate(), new Gate(), new Gate()]
    bed.engine.hold = gates[0]
    const run = await startRun(bed, screened.series.id)
    await gates[0].arrival
    bed.reader.hold = gates[1]
    const opening = failure(workstation.call('series.open', { seriesId: opened.series.id }))
    bed.reader.holdDescribe = gates[2]
    const { handle } = workstation.grantPath(opened.source)
    const adding = failure(workstation.call('library.add', { job: 'late', handles: [handle] }))
    await Promise.all([gates[1].arrival, gates[2].arrival])
    const from = performance.now()
    await Promise.all([workstation.close(), workstation.close()])
    expect(performance.now() - from).toBeLessThan(1000)
    for (const { code } of [await opening, await adding])
      expect(['cancelled', 'usage/closed']).toContain(code)
    expect((await failure(workstation.call('library.list', {}))).code).toBe('usage/closed')
    expect((await workstation.data(new Request('http://host/data/'))).status).toBe(404)
    for (const folder of ['work', 'uploads']) expect(existsSync(join(bed.dataFolder, folder))).toBe(false)
    bed.engine.hold = undefined
    await bed.restart()
    await runIs(bed, run.id, 'interrupted')
  })
})

describe('a data folder', () => {
  test('where there can be none is said, and what is asked again elsewhere works', async () => {
    const folder = await temporaryFolder(onTestFinished)
    const file = join(folder, 'file')
    await writeFile(file, '')
    const start = (dataFolder: string) =>
      createWorkstation({ dataFolder, roots: [], abilities: { host: 'web', picker: 'list' } })
    expect((await failure(start(join(file, 'data')))).kind).toBe('output')
    await (await start(join(folder, 'data'))).close()
  })

  test('is tidied of what an earlier process, ended by force, left on the way', async () => {
    const bed = await makeBed()
    const left = ['work/run', 'uploads/one', 'cache/.partial-0123'].map((path) => join(bed.dataFolder, path))
    await bed.workstation.close()
    for (const path of left) await mkdir(path, { recursive: true })
    await bed.restart()
    expect(left.filter(existsSync)).toEqual([])
  })
})
