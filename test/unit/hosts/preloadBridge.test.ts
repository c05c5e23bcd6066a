import { beforeAll, expect, it, vi } from 'vitest'
import type { Bridge } from '../../../preload/contract.ts'

const electron = vi.hoisted(() => ({
  exposed: {} as Record<string, unknown>,
  invoked: [] as unknown[][],
  receive: (_event: unknown, _name: string, _payload: unknown): void => {},
}))

vi.mock('electron', () => ({
  contextBridge: {
    exposeInMainWorld: (name: string, value: unknown) => {
      electron.exposed[name] = value
    },
  },
  ipcRenderer: {
    on: (_channel: string, listener: typeof electron.receive) => {
      electron.receive = listener
    },
    invoke: async (...args: unknown[]) => {
      electron.invoked.push(args)
      return args[0] === 'workstation:drop' ? [{ handle: 'h', name: 'scan' }] : { ok: true, value: [] }
    },
  },
  webUtils: { getPathForFile: (file: File) => (file.name === 'made-up' ? '' : `/scans/${file.name}`) },
}))

let bridge: Bridge

beforeAll(async () => {
  await import('../../../preload/bridge.ts')
  bridge = electron.exposed.workstation as Bridge
})

it('exposes the bridge of the contract and nothing else', () => {
  expect(Object.keys(electron.exposed)).toEqual(['workstation'])
  expect(Object.keys(bridge).sort()).toEqual(['call', 'filesDropped', 'on', 'onConnection'])
})

it('passes calls on to main', async () => {
  expect(await bridge.call('labels.all', {})).toEqual({ ok: true, value: [] })
  expect(electron.invoked.at(-1)).toEqual(['workstation:call', 'labels.all', {}])
})

it('asks for handles of files that the reader dropped, not of files that a script made', async () => {
  const files = [new File([], '1.dcm'), new File([], 'made-up')]
  const fractions: number[] = []
  expect(await bridge.filesDropped(files, (fraction) => fractions.push(fraction))).toHaveLength(1)
  expect(electron.invoked.at(-1)).toEqual(['workstation:drop', ['/scans/1.dcm']])
  expect(fractions).toEqual([1])
})

it('hands events to who listens, without Electron’s own event, until they stop', () => {
  const heard: unknown[][] = []
  const stop = bridge.on('series.removed', (...args) => heard.push(args))
  electron.receive({ sender: {} }, 'series.removed', { seriesId: '1' })
  electron.receive({ sender: {} }, 'run.changed', {})
  stop()
  electron.receive({ sender: {} }, 'series.removed', { seriesId: '2' })
  expect(heard).toEqual([[{ seriesId: '1' }]])
})

it('keeps what the system asked to open until somebody listens', () => {
  electron.receive({}, 'files.opened', [{ handle: 'h', name: 'scan' }])
  const heard: unknown[] = []
  bridge.on('files.opened', (files) => heard.push(files))
  expect(heard).toEqual([[{ handle: 'h', name: 'scan' }]])
})

it('is always connected', () => {
  const states: boolean[] = []
  bridge.onConnection((connected) => states.push(connected))
  expect(states).toEqual([true])
})
